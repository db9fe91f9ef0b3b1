import { expect, it } from 'vitest';
import '@/i18n/past';
import { spoken } from '@/i18n';
import type { PastCall } from '@/past';
import { hungUpBy, outcome, outside } from './words';

const call = (more: Partial<PastCall>) =>
  ({ number: null, extension: null, direction: 'in', ...more }) as PastCall;

it('says of a number that it was withheld where the caller has done so, and not of one that was never dialled', () => {
  const t = spoken.in('en');
  expect(outside(t, call({}))).toBe('Number withheld');
  expect(outside(t, call({ direction: 'callback', end: 'not_dialled' }))).toBe('Customer');
  expect(outside(t, call({ direction: 'callback', number: '+442079460118' }))).toBe('+44 20 7946 0118');
});

const past = (more: Partial<PastCall>) =>
  ({ end: 'talked', result: null, agents: ['2014'], ...more }) as PastCall;

it('says what came of a call that was dialled by hand', () => {
  const came = (result: string) => outcome(spoken.t, past({ end: 'not_reached', direction: 'out', result }));
  expect(['busy', 'no_answer', 'failed', 'refused'].map(came)).toEqual([
    'Busy',
    'No answer',
    'Failed',
    'Declined',
  ]);
});

it('says who has hung up, where that is known', () => {
  expect(hungUpBy(spoken.t, past({ ended_by: 'called' }))).toBe('The far side');
  expect(hungUpBy(spoken.t, past({ ended_by: 'caller' }))).toBe('2014');
  expect(hungUpBy(spoken.t, past({ ended_by: 'caller', agents: [] }))).toBe('Our phone');
  expect(hungUpBy(spoken.t, past({ ended_by: null }))).toBeNull();
});
