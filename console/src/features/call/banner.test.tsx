import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { PHONE_OFF, choosePhone } from '@/phone';
import { Themed } from '@/ui';
import { PhoneBanner } from './banner';

const NOW = 1_800_000_000_000;

vi.mock('@/phone', async original => ({
  ...(await original<object>()),
  usePhone: () => ({ ...PHONE_OFF, state: 'lost', lostSince: NOW }),
}));

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  useLive.setState({ ahead: 0 });
  choosePhone({ by: 'browser' });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('says that a call waits for the page as long as it does', async () => {
  render(
    <Themed>
      <PhoneBanner />
    </Themed>,
  );
  const passes = (seconds: number) => act(() => vi.advanceTimersByTimeAsync(seconds * 1_000));
  await passes(29);
  expect(screen.getByRole('status').textContent).toContain('A call waits 30 seconds for this page.');
  await passes(1);
  expect(screen.getByRole('status').textContent).toContain('No call waits for this page any more.');
});
