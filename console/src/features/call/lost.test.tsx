import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { aCall, aPhone, anAgent } from '@/live/fixture';
import { usePhoneStands } from '@/phone/readiness';
import { Themed } from '@/ui';
import { CallPanel } from '.';

const NOW = 1_800_000_000_000;

/** Mia's panel, who has talked for 15 seconds. */
function talks() {
  const began = NOW - 15_000;
  useLive.setState({
    ahead: 0,
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014', { state: 'talking', call: 'call_1', since: began })]]),
    calls: new Map([['call_1', aCall('call_1', { agents: ['2014'], began, connected: began })]]),
    phone: aPhone({ leg: 'leg_1', call: 'call_1', state: 'talking' }),
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <CallPanel />
      </Themed>
    </QueryClientProvider>,
  );
}

const clocks = () =>
  [...document.querySelectorAll('[data-timers] dd')]
    .map(figure => figure.textContent)
    .filter(text => text !== '–');

const passes = (seconds: number) => act(() => vi.advanceTimersByTimeAsync(seconds * 1_000));

beforeEach(() => {
  sessionStorage.clear();
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  cleanup();
  usePhoneStands.setState({ state: null, lostSince: null });
  vi.useRealTimers();
});

it('counts no further than a call waits for a page whose audio is lost', async () => {
  talks();
  usePhoneStands.setState({ state: 'lost', lostSince: NOW });
  await passes(20);
  expect(new Set(clocks())).toEqual(new Set(['0:35']));
  await passes(40);
  expect(new Set(clocks())).toEqual(new Set(['0:45']));
});

it('counts no further than the audio was there where nobody can sign in again', async () => {
  talks();
  useLive.setState({ link: { state: 'ended', barred: true } });
  usePhoneStands.setState({ state: 'lost', lostSince: NOW });
  await passes(20);
  expect(new Set(clocks())).toEqual(new Set(['0:15']));
  useLive.setState({ link: { state: 'connected' } });
});

it('counts on while the phone is another one, or is heard again', async () => {
  talks();
  usePhoneStands.setState({ state: 'lost', lostSince: NOW });
  await passes(20);
  usePhoneStands.setState({ state: 'ready', lostSince: null });
  await passes(40);
  expect(new Set(clocks())).toEqual(new Set(['1:15']));
});
