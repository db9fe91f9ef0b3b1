import { expect, it } from 'vitest';
import { aRequest } from '@/live/fixture';
import { arrangedIn, isAgreedBy } from './follow-up';

const request = {
  asked: 50,
  promise: { from: 60, to: 70 },
  path: ['desk/mia'],
  language: 'en',
  prompts: [],
  agreed_in: 'c',
};

it('finds what was agreed upon in a call, as long as it stands', () => {
  const entry = aRequest('e', { request });
  const live = (more: Partial<typeof entry> = {}) => ({ entries: new Map([['e', { ...entry, ...more }]]) });
  expect(arrangedIn(live(), 'c')?.id).toBe('e');
  expect(arrangedIn(live(), 'other')).toBeUndefined();
  expect(arrangedIn(live({ state: { name: 'closed' } }), 'c')).toBeUndefined();
  expect(arrangedIn(live({ request: { ...request, agreed_in: undefined } }), 'c')).toBeUndefined();
  expect(arrangedIn(live({ request: { ...request, path: ['600'] } }), 'c')?.id).toBe('e');
});

it('lets take back only whoever has agreed, not whom the call was handed over to', () => {
  const by = (agreed_by?: string | null) => aRequest('e', { request: { ...request, agreed_by } });
  const mine = (agreed_by?: string | null) => isAgreedBy({ agent: '2014' }, by(agreed_by));
  expect([mine('2014'), mine('2011'), mine(null), mine(undefined)]).toEqual([true, false, true, true]);
  expect(isAgreedBy({ agent: '2014' }, undefined), 'the line has not told of it yet').toBe(true);
});
