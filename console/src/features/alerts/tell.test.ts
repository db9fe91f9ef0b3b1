import { expect, it } from 'vitest';
import { serverNow, useLive } from '@/live';
import { aReminder, aRequest } from '@/live/fixture';
import { isOwnDoing } from './tell';

it('does not tell whoever has just arranged a follow-up that there is one', () => {
  const now = serverNow();
  const request = {
    asked: now - 1_000,
    promise: { from: now, to: now + 9 },
    path: ['desk/mia'],
    language: 'en',
    prompts: [],
  };
  const entries = (asked: number) => new Map([['e', aRequest('e', { request: { ...request, asked } })]]);
  const me = (user: string) => ({ user, role: 'agent', agent: '2014', groups: null }) as const;
  useLive.setState({ me: { ...me('mia') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(true);
  expect(isOwnDoing({ ...aReminder('r', 'e'), kind: 'unclaimed' })).toBe(false);
  useLive.setState({ entries: entries(now - 3_600_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
  useLive.setState({ me: { ...me('priya') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
});
