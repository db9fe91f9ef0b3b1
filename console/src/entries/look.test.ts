import { describe, expect, it } from 'vitest';
import { spoken } from '@/i18n';
import { aRequest, anAgent, anEntry } from '@/live/fixture';
import { type Attempt, type Entry, useLive } from '@/live';
import {
  heardLast,
  isInHand,
  isMineToDo,
  mayCall,
  mayNote,
  nextOf,
  nextRow,
  promiseOf,
  reasonOf,
  toPlay,
  triesOf,
  whyOf,
} from './look';
import { promiseWords, whyWords } from './words';

const MINUTE = 60_000;

const attempt = (more: Partial<Attempt>): Attempt => ({
  id: 'att',
  agent: '2000',
  began: 0,
  ended: 1,
  result: 'busy',
  counted: true,
  talked: 0,
  ...more,
});

it('plays the first message that nobody has heard, and stays with the one that plays', () => {
  const heard = (message: string, at: number) => ({ message, by: '2000', at });
  const entry = (...all: ReturnType<typeof heard>[]) =>
    anEntry('a', { section: 'messages', messages: ['m1', 'm2'], heard: all });
  expect(toPlay(entry(), null)).toBe('m1');
  expect(toPlay(entry(heard('m1', 1)), null)).toBe('m2');
  expect(toPlay(entry(heard('m1', 1)), 'm1')).toBe('m1');
  expect(toPlay(entry(heard('m1', 1)), 'another')).toBe('m2');
  expect(toPlay(entry(heard('m2', 1), heard('m1', 2)), null)).toBe('m2');
  expect(toPlay(anEntry('b'), null)).toBeUndefined();
  expect(heardLast(entry(heard('m1', 1)))).toBeUndefined();
  expect(heardLast(entry(heard('m1', 1), heard('m2', 5)))?.at).toBe(5);
});

describe('a promise', () => {
  const at = (now: number, more: Partial<Entry> = {}, to = 20 * MINUTE) =>
    promiseOf(aRequest('a', more, to), now);

  it('is on time, due soon, then overdue', () => {
    expect(at(0)).toEqual({ kind: 'by', at: 20 * MINUTE });
    expect(at(15 * MINUTE)).toEqual({ kind: 'left', left: 5 * MINUTE });
    expect(at(20 * MINUTE)).toEqual({ kind: 'left', left: 0 });
    expect(at(26 * MINUTE)).toEqual({ kind: 'overdue', late: 6 * MINUTE });
  });

  it('is for later while its window is still to come', () => {
    const later = aRequest('a', { due: 60 * MINUTE });
    if (later.request) later.request.promise = { from: 60 * MINUTE, to: 120 * MINUTE };
    expect(promiseOf(later, 0)).toEqual({ kind: 'later', from: 60 * MINUTE, to: 120 * MINUTE });
    expect(promiseOf(later, 61 * MINUTE).kind).toBe('by');
  });

  it('was kept or late once the customer was reached', () => {
    const closed = { state: { name: 'closed' as const, reason: 'done' as const, at: 0 } };
    const began = (minutes: number) => [attempt({ result: 'answered', began: minutes * MINUTE })];
    expect(at(0, { ...closed, attempts: began(10) })).toEqual({ kind: 'kept', at: 10 * MINUTE });
    expect(at(0, { ...closed, attempts: began(26) })).toEqual({ kind: 'late', late: 6 * MINUTE });
    expect(at(0, closed)).toEqual({ kind: 'none' });
  });

  it('is replaced by what is known where there is none', () => {
    expect(promiseOf(anEntry('a'), 0)).toEqual({ kind: 'waited', time: 48_000 });
    expect(promiseOf(anEntry('a', { attempts: [attempt({ talked: 9 })] }), 0)).toEqual({
      kind: 'talked',
      time: 9,
    });
    expect(promiseOf(anEntry('a', { section: 'messages' }), 0)).toEqual({ kind: 'messages' });
  });
});

describe('the reason', () => {
  it('is the key that was pressed, or the web', () => {
    expect(whyOf(aRequest('a'), 0)).toEqual({ kind: 'pressed', key: '2', queue: '600' });
    const web = aRequest('a');
    if (web.request) Object.assign(web.request, { key: null, queue: null });
    expect(reasonOf(whyOf(web, 0))).toBe('web');
    const request = {
      asked: 0,
      promise: { from: 0, to: 9 },
      path: ['desk/mia'],
      language: 'en',
      prompts: [],
    };
    const arranged = whyOf(aRequest('a', { request }), 0);
    expect(arranged).toEqual({ kind: 'followUp', by: 'mia' });
    expect(reasonOf(arranged)).toBe('follow_up');
    useLive.setState({
      me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
      agents: new Map([['2014', anAgent('2014', { name: 'Mia Torres' })]]),
    });
    const t = spoken.in('en');
    expect(whyWords(t, null, arranged)).toBe('Follow-up by Mia Torres');
    expect(whyWords(t, null, { kind: 'followUp', by: 'priya' })).toBe('Follow-up by priya');
  });

  it('is the last result while another try is to come', () => {
    const entry = aRequest('a', { attempts: [attempt({ result: 'no_answer' })], due: 10 });
    expect(whyOf(entry, 0)).toEqual({ kind: 'again', result: 'no_answer' });
    expect(whyOf(entry, 10).kind).toBe('pressed');
  });

  it('says where a caller left', () => {
    const left = (left_at: Entry['missed']['left_at']) =>
      whyOf(anEntry('a', { missed: { count: 1, short: 0, waited: 0, left_at } }), 0);
    expect(left({ queue: '600' })).toEqual({ kind: 'leftQueue', queue: '600' });
    expect(left('menu')).toEqual({ kind: 'leftMenu' });
    expect(left({ overflow: '600' })).toEqual({ kind: 'leftOverflow', queue: '600' });
    expect(left(null)).toEqual({ kind: 'missed' });
  });
});

it('counts the attempts that count', () => {
  const attempts = [attempt({ result: 'busy' }), attempt({ result: 'interrupted', counted: false })];
  expect(triesOf(anEntry('a', { attempts }))).toEqual({ made: 1, result: 'busy' });
});

describe('the badge', () => {
  const held = (agent: string) => ({ state: { name: 'claimed' as const, agent, until: 9 } });

  it('counts what this agent should still do', () => {
    expect(isMineToDo(aRequest('a'), '2000', 0)).toBe(true);
    expect(isMineToDo(anEntry('a', { section: 'cut_off' }), '2000', 0)).toBe(true);
    expect(isMineToDo(aRequest('a', held('2000')), '2000', 0)).toBe(true);
    expect(isMineToDo(anEntry('a', { assigned: '2000' }), '2000', 0)).toBe(true);
  });

  it('leaves out what is for others, later, or only missed', () => {
    expect(isMineToDo(aRequest('a', held('2001')), '2000', 0)).toBe(false);
    expect(isMineToDo(aRequest('a', { assigned: '2001' }), '2000', 0)).toBe(false);
    expect(isMineToDo(aRequest('a', { due: 5 }), '2000', 0)).toBe(false);
    expect(isMineToDo(anEntry('a'), '2000', 0)).toBe(false);
    expect(isMineToDo(aRequest('a'), null, 0)).toBe(false);
  });
});

describe('what may be called', () => {
  it('is free or mine, has a number, and is in no call', () => {
    expect(mayCall(aRequest('a'), '2000')).toBe(true);
    expect(mayCall(aRequest('a', { number: null }), '2000')).toBe(false);
    expect(mayCall(aRequest('a', { blocked: true }), '2000')).toBe(false);
    expect(mayCall(aRequest('a', { state: { name: 'claimed', agent: '2000' } }), '2000')).toBe(true);
    expect(mayCall(aRequest('a', { state: { name: 'claimed', agent: '2000', call: 'c' } }), '2000')).toBe(
      false,
    );
    expect(mayCall(aRequest('a', { state: { name: 'claimed', agent: '2001' } }), '2000')).toBe(false);
    expect(mayCall(aRequest('a'), null)).toBe(false);
  });

  it('is first what I have claimed, then the first that is free and due', () => {
    const claimed = anEntry('mine', { state: { name: 'claimed', agent: '2000' } });
    const all = [aRequest('later', { due: 9 }), aRequest('theirs', { assigned: '2001' }), aRequest('next')];
    expect(nextOf(all, '2000', 0)?.id).toBe('next');
    expect(nextOf([...all, claimed], '2000', 0)?.id).toBe('mine');
  });
});

describe('what is next', () => {
  const called = aRequest('called', { state: { name: 'noting', agent: '2000', broken: true } });

  it('is to say what came of the last call, before anybody else is called', () => {
    const free = aRequest('free');
    expect(nextRow([free, called], '2000', 0)?.id).toBe('called');
    expect(nextRow([free, called], '2001', 0)?.id).toBe('free');
    expect(mayNote(called, '2001')).toBe(false);
    expect(mayNote(aRequest('a', { state: { name: 'noting', agent: '2000', call: 'c' } }), '2000')).toBe(
      false,
    );
  });

  it('is in the panel while a call or its note is in hand', () => {
    const inHand = (['ringing', 'talking', 'held', 'wrap_up', 'available', 'break'] as const).filter(
      isInHand,
    );
    expect(inHand).toEqual(['ringing', 'talking', 'held', 'wrap_up']);
  });
});

it('names the window of today, and of another day its beginning, for which there is room', () => {
  const t = spoken.in('en');
  const at = (hours: number, minutes: number, day = 27) => new Date(2026, 10, day, hours, minutes).getTime();
  const now = at(21, 15);
  const words = (from: number, to: number) => promiseWords(t, 'en', { kind: 'later', from, to }, now);
  expect(words(at(22, 0), at(23, 0))).toBe('22:00–23:00');
  expect(words(at(0, 15, 28), at(0, 50, 28))).toBe('Sat 00:15');
});
