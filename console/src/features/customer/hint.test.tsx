import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import '@/i18n/customers';
import { aRequest } from '@/live/fixture';
import { Themed } from '@/ui';
import { OpenHint } from './hint';

vi.mock('@tanstack/react-router', () => ({
  Link: ({ children }: { children: string }) => <b>{children}</b>,
}));

afterEach(cleanup);

/** What is said of a request of a customer who is in another call. */
function hint(path: string[]): string | null {
  const entry = aRequest('cbr_1');
  if (entry.request) entry.request = { ...entry.request, path };
  const open = { entry, settled_by_this: false, kept_open: false };
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <OpenHint call="call_1" open={open as never} />
      </Themed>
    </QueryClientProvider>,
  );
  const words = screen.getByRole('status').textContent;
  cleanup();
  return words;
}

it('says of a time that an agent has agreed upon when that was, and not that the customer asked then', () => {
  expect(hint(['menu'])).toMatch(/^Asked for a callback at /);
  expect(hint(['desk/2014'])).toMatch(/^Callback agreed at /);
});
