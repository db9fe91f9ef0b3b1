import { expect, it } from 'vitest';
import { serverNow, useLive } from '@/live';
import { aReminder, aRequest } from '@/live/fixture';
import { isOwnDoing } from './tell';

it('does not tell whoever has just arranged a follow-up that there is one', () => {
  const now = serverNow();
  const request = {
    asked: now - 1_000,
    promise: { from: now, to: now + 9 },
    path: ['desk/2014'],
    language: 'en',
    prompts: [],
  };
  const entries = (asked: number) => new Map([['e', aRequest('e', { request: { ...request, asked } })]]);
  const me = (user: string, agent: string) => ({ user, role: 'agent', agent, groups: null }) as const;
  useLive.setState({ me: { ...me('mia', '2014') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(true);
  expect(isOwnDoing({ ...aReminder('r', 'e'), kind: 'unclaimed' })).toBe(false);
  useLive.setState({ entries: entries(now - 3_600_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
  useLive.setState({ me: { ...me('priya', '2011') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
});
