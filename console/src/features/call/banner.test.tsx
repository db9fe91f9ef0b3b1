import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { PHONE_OFF, choosePhone } from '@/phone';
import { Themed } from '@/ui';
import { PhoneBanner } from './banner';

const NOW = 1_800_000_000_000;

vi.mock('@/phone', async original => ({
  ...(await original<object>()),
  usePhone: () => ({ ...PHONE_OFF, state: 'lost', lostSince: NOW, problem: 'server' }),
}));

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  useLive.setState({ ahead: 0, link: { state: 'connected' } });
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

const words = () => screen.getByRole('status').textContent;

it('promises no further try once the session has ended, as nothing is tried then', () => {
  render(
    <Themed>
      <PhoneBanner />
    </Themed>,
  );
  expect(words()).toContain('It is tried again.');
  act(() => useLive.setState({ link: { state: 'ended', barred: false } }));
  expect(words()).toBe('The audio is lost since 0:00. A call waits 30 seconds for this page.');
});

it('says that the caller has gone back where the user is disabled or removed', () => {
  useLive.setState({ link: { state: 'ended', barred: true } });
  render(
    <Themed>
      <PhoneBanner />
    </Themed>,
  );
  expect(words()).toBe(
    'The phone is off: this user is not allowed in any more. A caller it had is back in line or on the list.',
  );
  expect(screen.queryByRole('button')).toBeNull();
});
