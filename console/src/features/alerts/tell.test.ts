import { expect, it } from 'vitest';
import { serverNow, useLive } from '@/live';
import { aReminder, aRequest } from '@/live/fixture';
import { agreedMeanwhile, isOwnDoing } from './tell';

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
  const later = { ...request, asked: now - 3_600_000, promise: { from: now + 60_000, to: now + 90_000 } };
  useLive.setState({ entries: new Map([['e', aRequest('e', { request: later })]]) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(true);
  useLive.setState({ me: { ...me('priya', '2011') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
});

it('tells whose claim has fallen because a colleague has agreed upon a time', () => {
  const request = {
    asked: 1,
    promise: { from: 1, to: 2 },
    path: [],
    language: 'en',
    prompts: [],
  };
  const me = { user: 'priya', role: 'agent', agent: '2011', groups: null } as const;
  const claimed = { name: 'claimed', agent: '2011', until: 9 } as const;
  const at = (...entries: ReturnType<typeof aRequest>[]) => ({
    me,
    entries: new Map(entries.map(entry => [entry.id, entry])),
  });
  const before = at(
    aRequest('mine', { request, state: claimed }),
    aRequest('released', { request, state: claimed }),
    aRequest('other', { request, state: { ...claimed, agent: '2014' } }),
  );
  const agreed = { ...request, agreed_in: 'c' };
  const now = at(
    aRequest('mine', { request: agreed, state: { name: 'waiting' } }),
    aRequest('released', { request, state: { name: 'waiting' } }),
    aRequest('other', { request: agreed, state: { name: 'waiting' } }),
  );
  expect(agreedMeanwhile(now, before).map(({ id }) => id)).toEqual(['mine']);
  expect(agreedMeanwhile(now, now)).toEqual([]);
});
