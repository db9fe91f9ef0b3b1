import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { anAgent } from '@/live/fixture';
import { choosePhone } from './choices';
import { LONGEST_WAIT, usePhoneStands, wayToMe } from './readiness';

beforeEach(() => {
  vi.useFakeTimers();
  choosePhone({ by: 'browser' });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014')]]),
  });
});

afterEach(() => vi.useRealTimers());

it('waits for a phone that connects, and says so', async () => {
  usePhoneStands.setState({ state: 'connecting' });
  const waits = vi.fn();
  const way = wayToMe(waits);
  expect(waits).toHaveBeenCalledOnce();
  usePhoneStands.setState({ state: 'ready' });
  expect(await way).toBe('here');
});

it('gives up where it does not come up', async () => {
  usePhoneStands.setState({ state: 'connecting' });
  const way = wayToMe(() => {});
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT);
  expect(await way).toBe('none');
});

it('knows what rings first', async () => {
  const waits = vi.fn();
  usePhoneStands.setState({ state: 'ready' });
  expect(await wayToMe(waits)).toBe('here');
  choosePhone({ by: 'desk' });
  expect(await wayToMe(waits)).toBe('rings');
  choosePhone({ by: 'browser' });
  usePhoneStands.setState({ state: 'connecting' });
  useLive.setState({ agents: new Map([['2014', anAgent('2014', { outside: true })]]) });
  expect(await wayToMe(waits)).toBe('rings');
  expect(waits).not.toHaveBeenCalled();
});
