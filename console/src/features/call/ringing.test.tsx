import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { aCall, aPhone, anAgent } from '@/live/fixture';
import { wishFor } from '@/notices';
import { choosePhone } from '@/phone';
import { listenToTones } from '@/test-audio';
import { Themed } from '@/ui';
import { CallPanel } from '.';

const heard = listenToTones();

/** Where it was heard since this was asked last. */
const outputs = () => [...new Set(heard.splice(0).map(({ output }) => output))];

/** Mia's panel, at whom a customer's call rings. */
function rings() {
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014', { state: 'ringing', call: 'call_1' })]]),
    calls: new Map([['call_1', aCall('call_1', { agents: ['2014'], queue: '600' })]]),
    phone: aPhone({ leg: 'leg_1', call: 'call_1', state: 'ringing' }),
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <CallPanel />
      </Themed>
    </QueryClientProvider>,
  );
}

const passes = (seconds: number) => act(() => vi.advanceTimersByTimeAsync(seconds * 1_000));

beforeEach(() => {
  sessionStorage.clear();
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('rings at the device chosen for ringing, not where one talks or hears of requests', async () => {
  choosePhone({ microphone: 'headset', speaker: 'headset', ringer: 'loudspeaker' });
  wishFor({ output: 'monitor' });
  rings();
  expect(screen.getByRole('button', { name: /^Accept/ })).toBeDefined();
  await passes(7);
  expect(outputs()).toEqual(['loudspeaker']);
  // Chosen anew while it rings, it rings on there.
  act(() => choosePhone({ ringer: 'desk' }));
  await passes(7);
  expect(outputs()).toEqual(['desk']);
  cleanup();
  await passes(7);
  expect(outputs()).toEqual([]);
});
