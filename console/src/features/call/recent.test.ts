import { beforeEach, describe, expect, it } from 'vitest';
import { type Desk, useLive, useNames } from '@/live';
import { aCall, anAgent } from '@/live/fixture';
import type { Leg, PastCall } from '@/past';
import { isAwaited, recentOf } from './recent';

const past = (more: Partial<PastCall> = {}): PastCall => ({
  call: 'call_1',
  began: 5_000,
  ended: 90_000,
  direction: 'in',
  end: 'talked',
  result: null,
  number: '+8613800138000',
  called: null,
  service: 'support',
  queue: '600',
  extension: null,
  agents: ['2014'],
  legs: [],
  stays: [],
  flows: [],
  path: [],
  waited: 0,
  talked: 60_000,
  held: 0,
  entry: null,
  recordings: [],
  messages: [],
  disposition: null,
  note: '',
  ...more,
});

const leg = (party: Leg['party']): Leg => ({ party, began: 0, answered: 1, ended: null, why: null });
const me = anAgent('2014', { extension: '8014' });
const recent = (more: Partial<PastCall>) => recentOf(past(more), me);

beforeEach(() => {
  const colleagues = [{ key: '2011', name: 'Priya N.', extension: 'desk-11', number: '8011' }];
  const phones = [{ key: '8020', name: 'Warehouse', number: '8021' }];
  useNames.setState({ desk: { colleagues, phones } as unknown as Desk });
});

describe('a call as one of the last', () => {
  it('is called again at the number of the customer, with that of the service', () => {
    expect(recent({})).toEqual({
      id: 'call_1',
      at: 5_000,
      out: false,
      who: '+86 138 0013 8000',
      outside: '+8613800138000',
      number: '+8613800138000',
      service: 'support',
      entry: null,
    });
    expect([recent({ direction: 'out' })?.out, recent({ direction: 'callback' })?.out]).toEqual([true, true]);
  });

  it('dials no number that is hidden from the viewer, which a telephone would take for a code', () => {
    const found = recent({ number: '138****8000', entry: 'cbr_1' });
    expect(found).toMatchObject({ who: '138****8000', number: null, entry: 'cbr_1' });
  });

  it('tells whom of the house it was with, whichever side called', () => {
    const internal = {
      direction: 'internal',
      number: null,
      service: null,
      agents: ['2014', '2011'],
    } as const;
    const legs = [leg({ agent: '2014' }), leg({ agent: '2011' })];
    const calls = { ...internal, agents: [...internal.agents], legs };
    expect(recent({ ...calls, extension: '8014' })).toMatchObject({
      out: true,
      who: 'Priya N.',
      number: '8011',
    });
    expect(recent({ ...calls, extension: '8011' })).toMatchObject({ out: false, number: '8011' });
    const phone = { ...calls, legs: [leg({ extension: '8014' }), leg({ extension: '8020' })] };
    expect(recent({ ...phone, extension: '8014' })).toMatchObject({ who: 'Warehouse', number: '8021' });
  });

  it('is left out where nobody knows with whom it was', () => {
    expect(recent({ number: null })).toBeNull();
    expect(recent({ number: null, legs: [leg({ agent: '2014' })] })).toBeNull();
  });
});

it('waits for a call that goes on without the agent who was asked in it', () => {
  const call = aCall('call_7', { agents: ['2011', '2014'] });
  const talking = anAgent('2014', { state: 'talking', call: 'call_7' });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', talking]]),
    calls: new Map([['call_7', call]]),
  });
  expect(isAwaited([], Date.now()), 'it is seen').toBe(false);
  useLive.setState({ agents: new Map([['2014', anAgent('2014')]]), calls: new Map() });
  expect(isAwaited([], Date.now())).toBe(true);
  expect(isAwaited([], Date.now() + 2 * 60 * 60_000), 'for ever').toBe(false);
  expect(isAwaited([past({ call: 'call_7' })], Date.now()), 'it is written down').toBe(false);
});
