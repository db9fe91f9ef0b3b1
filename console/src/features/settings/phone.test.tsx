import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { workOutside } from '@/phone';
import { Themed } from '@/ui';
import { PhonePlace } from './phone';

vi.mock('@/phone', () => ({ workOutside: vi.fn() }));

const client = new QueryClient();
const shown = (outside: boolean) => (
  <QueryClientProvider client={client}>
    <Themed>
      <PhonePlace outside={outside} />
    </Themed>
  </QueryClientProvider>
);
const isOn = () => screen.getByRole<HTMLInputElement>('switch').checked;
const later = (millis: number) => act(() => vi.advanceTimersByTimeAsync(millis));

beforeEach(() => {
  vi.useFakeTimers();
  const answer = { data: { number: null }, response: new Response() };
  vi.spyOn(api, 'GET').mockImplementation((() => Promise.resolve(answer)) as never);
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('shows what was done until the live line tells of it, and never what was before in between', async () => {
  vi.mocked(workOutside).mockResolvedValue(true);
  const { rerender } = render(shown(false));
  fireEvent.click(screen.getByRole('switch'));
  expect(isOn()).toBe(true);
  await later(500);
  expect(isOn(), 'answered, and not told yet').toBe(true);
  rerender(shown(true));
  await later(0);
  expect(isOn()).toBe(true);
  // Somebody else changes it.
  rerender(shown(false));
  expect(isOn()).toBe(false);
});

it('goes back where it is refused, and where the live line says otherwise for long', async () => {
  vi.mocked(workOutside).mockResolvedValueOnce(false);
  render(shown(false));
  fireEvent.click(screen.getByRole('switch'));
  await later(0);
  expect(isOn()).toBe(false);
  vi.mocked(workOutside).mockResolvedValueOnce(true);
  fireEvent.click(screen.getByRole('switch'));
  await later(0);
  await later(2_000);
  expect(isOn()).toBe(true);
  await later(1_500);
  expect(isOn()).toBe(false);
});
