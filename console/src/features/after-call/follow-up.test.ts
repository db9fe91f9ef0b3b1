import { expect, it } from 'vitest';
import { aNote, aRequest } from '@/live/fixture';
import { arrangedIn } from './follow-up';

it('finds what was arranged in a call, as long as it stands', () => {
  const request = {
    asked: 50,
    promise: { from: 60, to: 70 },
    path: ['desk/2014'],
    language: 'en',
    prompts: [],
  };
  const entry = aRequest('e', { request });
  const live = (more: Partial<typeof entry> = {}, agent = '2014') => ({
    me: { user: `of ${agent}`, role: 'agent' as const, agent, groups: null },
    entries: new Map([['e', { ...entry, ...more }]]),
    notes: new Map([['c', aNote('c', { began: 40 })]]),
    calls: new Map(),
  });
  expect(arrangedIn(live(), 'c')?.id).toBe('e');
  expect(arrangedIn(live(), 'other')).toBeUndefined();
  expect(arrangedIn(live({}, '2011'), 'c')).toBeUndefined();
  expect(arrangedIn(live({ number: '+442079460118' }), 'c')).toBeUndefined();
  expect(arrangedIn(live({ state: { name: 'closed' } }), 'c')).toBeUndefined();
  expect(arrangedIn(live({ request: { ...request, asked: 30 } }), 'c')).toBeUndefined();
  expect(arrangedIn(live({ request: { ...request, path: ['api/web'] } }), 'c')).toBeUndefined();
});
