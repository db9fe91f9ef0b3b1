import { describe, expect, it } from 'vitest';
import type { Desk, Entry } from '@/live';
import { aRequest, anAgent, anEntry } from '@/live/fixture';
import { arrange, idOf } from './arrange';
import { type Around, count, find } from './filter';
import { readSearch } from './search';

const desk: Desk = {
  site: { country: 'CN', zone: 'Asia/Shanghai', attempts: 3, break_reasons: [] },
  services: [{ key: 'support', name: 'Support', groups: ['support-a', 'support-b'] }],
  campaigns: [{ key: 'renewals', name: 'Renewals', groups: ['renewals'] }],
  groups: [],
  dispositions: [],
  queues: [
    {
      key: '600',
      name: 'Support',
      number: '600',
      service: 'support',
      groups: ['support-a'],
      wrap_up: 'timed',
    },
  ],
  colleagues: [],
  phones: [],
};
const around = (more: Partial<Around> = {}): Around => ({
  me: { user: 'ada', role: 'agent', agent: '2000', groups: null },
  agent: anAgent('2000'),
  desk,
  now: 0,
  nameOf: () => null,
  ...more,
});
const found = (all: Entry[], raw: Record<string, unknown>, more: Partial<Around> = {}) =>
  find(all, readSearch(raw), around(more)).entries.map(entry => entry.id);

describe('the address', () => {
  it('says what is shown, and nonsense in it is passed over', () => {
    expect(readSearch({ tab: 'done', q: 4417, short: true, reason: 'web', x: 1 })).toEqual({
      tab: 'done',
      q: '4417',
      short: true,
      reason: 'web',
    });
    expect(readSearch({ tab: 'open', reason: 'magic', q: {}, groups: 'none' })).toEqual({});
    expect(readSearch({ q: true, service: false })).toEqual({ q: 'true', service: 'false' });
    // The router hands on whatever is not said to be left out.
    expect(Object.keys(readSearch({ q: [1], reason: 'magic' }))).toContain('reason');
  });
});

describe('the filters', () => {
  const mine = anEntry('mine');
  const theirs = anEntry('theirs', { target: { campaign: 'renewals' } });
  const given = anEntry('given', { target: { campaign: 'renewals' }, assigned: '2000' });

  it('show agents their own groups, and what was given to them', () => {
    expect(found([mine, theirs, given], {}).sort()).toEqual(['given', 'mine']);
    expect(found([mine, theirs, given], { groups: 'all' })).toHaveLength(3);
  });

  it('find somebody by the name that stands in the row, in any script, and by the number', () => {
    const names: Record<string, string> = { mine: 'Elena Marsh', theirs: '李文博' };
    const nameOf = (entry: Entry) => names[entry.id] ?? null;
    const all = { groups: 'all' };
    for (const q of ['elena', 'Marsh', 'na ma'])
      expect(found([mine, theirs], { ...all, q }, { nameOf })).toEqual(['mine']);
    for (const q of ['李', '文博'])
      expect(found([mine, theirs], { ...all, q }, { nameOf })).toEqual(['theirs']);
    expect(found([mine, theirs], { ...all, q: '8000' }, { nameOf })).toHaveLength(2);
    expect(found([mine, theirs], { ...all, q: '８０００' }, { nameOf })).toHaveLength(2);
    // Who writes words, too, means no number.
    for (const q of ['Hannah', 'room 8000'])
      expect(found([mine, theirs], { ...all, q }, { nameOf })).toEqual([]);
  });

  it('show supervisors everything unless they ask for theirs', () => {
    const me = { user: 'sue', role: 'supervisor' as const, agent: null, groups: ['renewals'] };
    expect(found([mine, theirs], {}, { me, agent: null })).toHaveLength(2);
    expect(found([mine, theirs], { groups: 'mine' }, { me, agent: null })).toEqual(['theirs']);
  });

  it('find by line of business, reason and claim', () => {
    const held = anEntry('held', { state: { name: 'claimed', agent: '2001' } });
    const ours = anEntry('ours', { state: { name: 'claimed', agent: '2000' } });
    const all = [mine, theirs, held, ours, aRequest('asked')];
    const everyone = { groups: 'all' };
    expect(found(all, { ...everyone, service: 'renewals' })).toEqual(['theirs']);
    expect(found(all, { ...everyone, reason: 'asked' })).toEqual(['asked']);
    expect(found(all, { ...everyone, claimed: 'me' })).toEqual(['ours']);
    expect(found(all, { ...everyone, claimed: '2001' })).toEqual(['held']);
    expect(found(all, { ...everyone, claimed: 'nobody' }).sort()).toEqual(['asked', 'mine', 'theirs']);
  });

  it('find numbers however they are written', () => {
    const one = anEntry('a', { number: '+442079460118' });
    for (const q of ['0118', '+44 20 7946 0118', '020 7946 0118', '7946-0118'])
      expect(found([one], { q })).toEqual(['a']);
    expect(found([one], { q: '0119' })).toEqual([]);
  });

  it('hide short abandons and count them', () => {
    const short = anEntry('short', { short: true });
    expect(find([mine, short], {}, around())).toMatchObject({ hidden: 1, entries: [{ id: 'mine' }] });
    expect(found([mine, short], { short: true })).toHaveLength(2);
    expect(found([short], { q: '8000' })).toEqual(['short']);
  });
});

it('counts each section, and what is overdue in it', () => {
  expect(count([aRequest('a', {}, 5), aRequest('b', {}, 99), anEntry('c')], 50)).toMatchObject({
    requests: { all: 2, overdue: 1 },
    missed: { all: 1, overdue: 0 },
  });
});

describe('the list', () => {
  const ids = (items: ReturnType<typeof arrange>) => items.map(idOf);
  const [a, b, c] = [aRequest('a'), aRequest('b'), aRequest('c')];

  it('has a head over each section that is there', () => {
    expect(ids(arrange([a, b, anEntry('m')]))).toEqual(['head-requests', 'a', 'b', 'head-missed', 'm']);
    expect(arrange([])).toEqual([]);
  });

  it('keeps a row that went under the hand where it was, and says that it went', () => {
    const before = arrange([a, b, c]);
    const after = arrange([a, c], before, 'b');
    expect(ids(after)).toEqual(['head-requests', 'a', 'b', 'c']);
    expect(after[2]).toMatchObject({ gone: true });
    expect(ids(arrange([a, c], after, null))).toEqual(['head-requests', 'a', 'c']);
  });

  it('keeps a row that moved between its neighbours, with what is new of it', () => {
    const later = aRequest('a', { due: 99, version: 2 });
    const after = arrange([b, c, later], arrange([a, b, c]), 'a');
    expect(ids(after)).toEqual(['head-requests', 'a', 'b', 'c']);
    expect(after[1]).toMatchObject({ gone: false, entry: { version: 2 } });
  });

  it('keeps the last row of a section that is empty now', () => {
    const m = anEntry('m');
    expect(ids(arrange([m], arrange([a, m]), 'a'))).toEqual(['head-requests', 'a', 'head-missed', 'm']);
    expect(ids(arrange([], arrange([a]), 'a'))).toEqual(['head-requests', 'a']);
  });

  it('lets new rows in above and below', () => {
    const after = arrange([aRequest('new'), a, b, aRequest('last')], arrange([a, b]), 'b');
    expect(ids(after)).toEqual(['head-requests', 'new', 'a', 'b', 'last']);
  });
});
