import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { useLive } from '@/live';
import { aNote, aRequest, anAgent } from '@/live/fixture';
import { fitting } from './dispositions';
import { PAUSE, type Written, forget, isAhead, send, settle, type, useDrafts } from './drafts';
import { fieldsOf, momentOf } from './follow-up';
import { openOf } from './open-items';
import { entryToClose, missingIn } from './save';
import { withTag } from './tags';
import { leftOf } from './wrap-up';
import { writtenOf } from './written';

const written = (note: string): Written => ({ disposition: null, note, tags: [] });
const draft = (call: string) => useDrafts.getState().drafts.get(call);

/** What the server answers to a text; the texts that came to it. */
function server(answer: (body: Written) => { status: number; body: unknown }): string[] {
  const came: string[] = [];
  const put = (_: string, init: { body: Written }) => {
    came.push(init.body.note ?? '');
    const { status, body } = answer(init.body);
    const response = new Response(JSON.stringify(body), { status });
    return Promise.resolve(status < 300 ? { data: body, response } : { error: body, response });
  };
  vi.spyOn(api, 'PUT').mockImplementation(put as never);
  return came;
}

let version = 1;
const takes = (body: Written) => ({
  status: 200,
  body: aNote('c', { version: ++version, written: body, open: true, typed: 70 }),
});

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
  useLive.setState({ notes: new Map() });
});

afterEach(() => {
  forget('c');
  vi.useRealTimers();
});

describe('what is typed', () => {
  it('goes to the server once somebody rests, and nothing of it is kept here then', async () => {
    const came = server(takes);
    type('c', written('a'));
    type('c', written('ab'));
    expect(sessionStorage.getItem('nohold.draft.note.c')).toContain('ab');
    await vi.advanceTimersByTimeAsync(PAUSE - 1);
    expect(came).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(came).toEqual(['ab']);
    expect(draft('c')).toMatchObject({ state: 'kept', keptAt: 70 });
    expect(sessionStorage.getItem('nohold.draft.note.c')).toBeNull();
    expect(useLive.getState().notes.get('c')?.written.note).toBe('ab');
  });

  it('is sent again after a failure, with what was added meanwhile', async () => {
    let fails = 2;
    const came = server(body =>
      fails-- > 0 ? { status: 503, body: { code: 'busy', message: '' } } : takes(body),
    );
    type('c', written('a'));
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(draft('c')?.state).toBe('typed');
    expect(sessionStorage.getItem('nohold.draft.note.c')).toContain('a');
    type('c', written('ab'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(came.at(-1)).toBe('ab');
    expect(draft('c')?.state).toBe('kept');
  });

  it('never comes in the wrong order, and is not lost while something is on its way', async () => {
    const answers: (() => void)[] = [];
    const came: string[] = [];
    const put = (_: string, init: { body: Written }) =>
      new Promise(resolve => {
        came.push(init.body.note ?? '');
        answers.push(() => resolve({ data: takes(init.body).body, response: new Response('{}') }));
      });
    vi.spyOn(api, 'PUT').mockImplementation(put as never);
    type('c', written('one'));
    const first = send('c');
    await vi.advanceTimersByTimeAsync(0);
    type('c', written('one two'));
    const second = send('c');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(came).toEqual(['one']);
    answers[0]?.();
    await first;
    expect(isAhead(draft('c'))).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    answers[1]?.();
    await second;
    expect(came).toEqual(['one', 'one two']);
    expect(draft('c')?.state).toBe('kept');
  });

  it('is said to be refused where the server will not take it, and stays in the field', async () => {
    server(() => ({ status: 422, body: { code: 'invalid', message: 'too long' } }));
    type('c', written('a'));
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(draft('c')).toMatchObject({ state: 'refused', problem: 'too long' });
    expect(writtenOf(draft('c'), undefined).note).toBe('a');
  });

  it('waits for the next save where the note was saved before', async () => {
    const came = server(() => ({ status: 409, body: { code: 'note_done', message: '' } }));
    type('c', written('a'));
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(draft('c')).toMatchObject({ state: 'typed', corrects: true });
    settle('c', written('a'));
    type('c', written('ab'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(came).toEqual(['a']);
  });
});

it('shows what the server has unless something newer was typed here', () => {
  const row = aNote('c', { written: written('theirs') });
  expect(writtenOf(undefined, undefined).note).toBe('');
  expect(writtenOf(undefined, row).note).toBe('theirs');
  const own = { written: written('mine'), keptAt: 1, corrects: false, problem: null };
  expect(writtenOf({ ...own, state: 'kept' }, row).note).toBe('theirs');
  expect(writtenOf({ ...own, state: 'sending' }, row).note).toBe('mine');
});

it('asks for what the queue asks for, and for nothing else', () => {
  expect(missingIn(written(''), false, true)).toBeNull();
  expect(missingIn(written('words'), true, true)).toBe('disposition');
  expect(missingIn({ ...written(''), disposition: 'sold' }, true, true)).toBeNull();
  expect(missingIn(written(' '), true, false)).toBe('words');
  expect(missingIn(written('words'), true, false)).toBeNull();
});

it('says the outcome of the entry that was called back, where that is still to be said by this agent', () => {
  const noting = (agent: string) => new Map([['e', aRequest('e', { state: { name: 'noting', agent } })]]);
  const note = aNote('c', { entry: 'e' });
  expect(entryToClose(note, noting('2000'))?.id).toBe('e');
  expect(entryToClose(note, noting('2001'))).toBeNull();
  expect(entryToClose(note, new Map([['e', aRequest('e')]]))).toBeNull();
  expect(entryToClose(aNote('c'), noting('2000'))).toBeNull();
});

it('knows how long a wrap-up lasts, and that a mandatory one ends with the save', () => {
  const agent = anAgent('2000', { state: 'wrap_up', since: 1_000, wrap_up_until: 11_000 });
  expect(leftOf(agent, 6_000)).toEqual({ kind: 'runs', left: 5_000, whole: 10_000, part: 0.5 });
  expect(leftOf(agent, 20_000)).toEqual({ kind: 'runs', left: 0, whole: 10_000, part: 0 });
  const must = { ...agent, must_write: true };
  expect(leftOf(must, 6_000)).toEqual({ kind: 'waits', left: 5_000 });
  expect(leftOf(must, 13_000)).toEqual({ kind: 'over', late: 2_000 });
  expect(leftOf(anAgent('2000'), 6_000)).toBeNull();
});

it('lists what is to be done, oldest first, and the note of the last call that may be written', () => {
  const notes = [
    aNote('new', { began: 3, ended: 4, open: true }),
    aNote('old', { began: 1, ended: 2, open: true }),
    aNote('last', { began: 5, ended: 6 }),
    aNote('talking', { began: 7, open: true }),
  ];
  const { open, last } = openOf(new Map(notes.map(note => [note.call, note])), new Map());
  expect([open.map(note => note.call), last?.call]).toEqual([['old', 'new'], 'last']);
});

it('finds dispositions by a part of the name', () => {
  const all = [
    { key: 'sold', name: 'Renewed' },
    { key: 'later', name: '以后再说' },
  ];
  expect(fitting(all, 'NEW').map(one => one.key)).toEqual(['sold']);
  expect(fitting(all, '再').map(one => one.key)).toEqual(['later']);
  expect(fitting(all, ' ').length).toBe(2);
});

it('adds a tag once', () => {
  expect(withTag(['vip'], ' vip ')).toEqual(['vip']);
  expect(withTag(['vip'], 'boiler')).toEqual(['vip', 'boiler']);
  expect(withTag([], '  ')).toEqual([]);
});

it('reads the fields of a moment only where it is still to come', () => {
  const at = new Date(2026, 10, 27, 9, 5).getTime();
  const { day, time } = fieldsOf(at);
  expect([day, time]).toEqual(['2026-11-27', '09:05']);
  expect(momentOf(day, time, at - 1)).toBe(at);
  expect(momentOf(day, time, at)).toBeNull();
  expect(momentOf('', time, 0)).toBeNull();
});
