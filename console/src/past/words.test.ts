import { expect, it } from 'vitest';
import { spoken } from '@/i18n';
import { type Desk, useNames } from '@/live';
import { anAgent } from '@/live/fixture';
import type { PastCall } from '@/past';
import { ofOurs, outcome, outside } from './words';

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

it('says that a call was given up by who dialled it, and not that it was interrupted', () => {
  const over = { end: 'not_reached', direction: 'out', result: 'interrupted' } as const;
  expect(outcome(spoken.t, past({ ...over, ended_by: 'caller' }))).toBe('Given up');
  expect(outcome(spoken.in('zh'), past({ ...over, ended_by: 'caller' }))).toBe('已放弃');
  expect(outcome(spoken.t, past(over)), 'our side failed').toBe('Interrupted');
});

it('calls a colleague by name, whom one has called or who has called', () => {
  const colleagues = [
    { key: '2014', name: 'Mia Torres', extension: '2014', number: '2014' },
    { key: '2011', name: 'Priya N.', extension: '2011', number: '2011' },
  ];
  useNames.setState({ desk: { colleagues, phones: [] } as unknown as Desk });
  const legs = [{ party: { agent: '2014' } }, { party: { agent: '2011' } }] as PastCall['legs'];
  const inside = call({ direction: 'internal', extension: '2014', legs });
  const seen = (me: string) => outside(spoken.t, inside, anAgent(me));
  expect([seen('2014'), seen('2011'), seen('2001')]).toEqual(['Priya N.', 'Mia Torres', 'Mia Torres']);
  const agents = ['2014'];
  const others = (me: string) => ofOurs(spoken.t, { ...inside, agents }, anAgent(me));
  expect([others('2014'), others('2011'), others('2001')]).toEqual(['Mia Torres', 'Priya N.', 'Priya N.']);
  const outOf = call({ number: '+442079460118', extension: '2014', legs, agents });
  expect(ofOurs(spoken.t, outOf, null), 'whom a customer talked to').toBe('Mia Torres');
  const gate = call({ direction: 'internal', extension: 'gate', legs: [] });
  expect(outside(spoken.t, gate)).toBe('Extension gate');
  useNames.setState({ desk: null });
});
