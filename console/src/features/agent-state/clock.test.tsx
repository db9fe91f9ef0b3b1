import { act, cleanup, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AgentState, useLive } from '@/live';
import { anAgent } from '@/live/fixture';
import { usePhoneStands } from '@/phone/readiness';
import { Themed } from '@/ui';
import { StateButton } from '.';

const NOW = 1_800_000_000_000;

beforeEach(() => vi.useFakeTimers({ now: NOW }));

afterEach(() => {
  cleanup();
  usePhoneStands.setState({ state: null, lostSince: null });
  vi.useRealTimers();
});

async function afterAMinute(state: AgentState): Promise<string | null> {
  useLive.setState({
    ahead: 0,
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014', { state, since: NOW - 15_000 })]]),
  });
  usePhoneStands.setState({ state: 'lost', lostSince: NOW });
  render(
    <Themed>
      <StateButton />
    </Themed>,
  );
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  return document.querySelector('button')?.textContent ?? null;
}

it('counts a call no further than it waits for a page whose audio is lost', async () => {
  expect(await afterAMinute('talking')).toContain('0:45');
});

it('counts everything else on', async () => {
  expect(await afterAMinute('available')).toContain('1:15');
});
