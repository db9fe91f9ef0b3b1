import { describe, expect, it } from 'vitest';
import { aNote, aReminder, aRequest, anAgent, anEntry } from './fixture';
import type { Change, Changes, Snapshot } from './messages';
import { read } from './messages';
import { NOTHING, type Shown, addAnswer, addNote, addPage, connected, forgetCursor, take } from './reducer';

const me = { user: 'ada', role: 'agent' as const, agent: '2000', groups: null };

const snapshot = (seq: number, more: Partial<Snapshot> = {}): Snapshot => ({
  type: 'snapshot',
  seq,
  cursor: `c${seq}`,
  at: 1_000,
  me,
  entries: { items: [anEntry('a')], total: 1 },
  agents: [anAgent('2000')],
  queues: [],
  calls: [],
  reminders: [],
  ...more,
});

const changes = (seq: number, ...of: Change[]): Changes => ({
  type: 'changes',
  seq,
  cursor: `c${seq}`,
  at: 1_000,
  total: 9,
  changes: of,
});

const shown = (): Shown => take(NOTHING, snapshot(0), 400).shown;

describe('take', () => {
  it('shows a snapshot whole and forgets what was there before', () => {
    const before = take(shown(), changes(1, { type: 'entry', entry: aRequest('b') }), 0).shown;
    const after = take(before, snapshot(2, { entries: { items: [anEntry('z')], total: 1 } }), 0).shown;
    expect([...after.entries.keys()]).toEqual(['z']);
    expect(after.generation).toBe(before.generation + 1);
  });

  it('knows how far the clocks are apart', () => {
    expect(shown().ahead).toBe(600);
  });

  it('puts rows in, replaces and removes them', () => {
    const entry = anEntry('a', { version: 2, note: 'new' });
    const next = take(
      shown(),
      changes(
        1,
        { type: 'entry', entry },
        { type: 'entry', entry: aRequest('b') },
        { type: 'agent', agent: anAgent('2000', { state: 'break' }) },
      ),
      0,
    ).shown;
    expect(next.entries.get('a')?.note).toBe('new');
    expect(next.entries.size).toBe(2);
    expect(next.agents.get('2000')?.state).toBe('break');
    expect(next.total).toBe(9);
    expect(next.cursor).toBe('c1');
    const last = take(next, changes(2, { type: 'entry_gone', id: 'a' }), 0).shown;
    expect([...last.entries.keys()]).toEqual(['b']);
  });

  it('never changes what somebody holds', () => {
    const before = shown();
    take(before, changes(1, { type: 'entry_gone', id: 'a' }), 0);
    expect(before.entries.size).toBe(1);
  });

  it('leaves alone what a message does not touch, so that nobody is drawn again for it', () => {
    const before = shown();
    const after = take(before, changes(1, { type: 'agent', agent: anAgent('2001') }), 0).shown;
    expect(after.entries).toBe(before.entries);
    expect(after.agents).not.toBe(before.agents);
  });

  it('finds a gap and shows nothing of what comes after it', () => {
    const { fault, shown: after } = take(shown(), changes(2, { type: 'entry_gone', id: 'a' }), 0);
    expect(fault).toBe(true);
    expect(after.entries.size).toBe(1);
  });

  it('takes no changes before a snapshot', () => {
    expect(take(NOTHING, changes(0), 0).fault).toBe(true);
  });

  it('goes on after a break: the next connection counts from 0', () => {
    const again = take(connected(shown()), changes(0, { type: 'entry_gone', id: 'a' }), 0);
    expect(again.fault).toBe(false);
    expect(again.shown.entries.size).toBe(0);
  });

  it('keeps the cursor of heartbeats, and forgets it after a fault', () => {
    const beat = take(shown(), { type: 'heartbeat', seq: 1, cursor: 'later', at: 0 }, 0).shown;
    expect(beat.cursor).toBe('later');
    expect(forgetCursor(beat).cursor).toBeNull();
  });

  it('tells of reminders that come, and drops those that are withdrawn', () => {
    const first = take(NOTHING, snapshot(0, { reminders: [aReminder('r0', 'a')] }), 0);
    expect(first.fresh.map(one => one.id)).toEqual(['r0']);
    const second = take(first.shown, changes(1, { type: 'reminder', reminder: aReminder('r1', 'a') }), 0);
    expect(second.fresh.map(one => one.id)).toEqual(['r1']);
    const third = take(second.shown, changes(2, { type: 'reminder_withdrawn', id: 'r0' }), 0);
    expect([...third.shown.reminders.keys()]).toEqual(['r1']);
  });

  it('keeps the notes of the viewer until they are done', () => {
    const first = take(NOTHING, snapshot(0, { notes: [aNote('c1')] }), 0).shown;
    const second = take(first, changes(1, { type: 'note', note: aNote('c2', { open: true }) }), 0).shown;
    expect([...second.notes.keys()]).toEqual(['c1', 'c2']);
    expect(second.entries).toBe(first.entries);
    const third = take(second, changes(2, { type: 'note_gone', call: 'c1' }), 0).shown;
    expect([...third.notes.keys()]).toEqual(['c2']);
    // An older server has none.
    expect(take(NOTHING, snapshot(0), 0).shown.notes.size).toBe(0);
  });

  it('passes over what a newer server says', () => {
    const strange = { type: 'fax', fax: {} } as unknown as Change;
    const { fault, shown: after } = take(shown(), changes(1, strange), 0);
    expect(fault).toBe(false);
    expect(after.entries.size).toBe(1);
  });
});

describe('the rest of a long list', () => {
  it('comes in by pages, never older than what was told since', () => {
    const before = take(shown(), changes(1, { type: 'entry', entry: anEntry('a', { version: 5 }) }), 0).shown;
    const after = addPage(before, before.generation, [anEntry('a', { version: 4 }), anEntry('b')]);
    expect(after.entries.get('a')?.version).toBe(5);
    expect(after.entries.has('b')).toBe(true);
  });

  it('does not bring back what went meanwhile', () => {
    const before = take(shown(), changes(1, { type: 'entry_gone', id: 'b' }), 0).shown;
    expect(addPage(before, before.generation, [anEntry('b')]).entries.has('b')).toBe(false);
    const back = take(before, changes(2, { type: 'entry', entry: anEntry('b') }), 0).shown;
    expect(back.entries.has('b') && !back.gone.has('b')).toBe(true);
  });

  it('is nothing that has arrived, as are entries that are known already', () => {
    const known = addPage(shown(), 1, [anEntry('b')]);
    const told = take(
      known,
      changes(
        1,
        { type: 'entry', entry: anEntry('a', { version: 5 }) },
        { type: 'entry', entry: anEntry('b', { version: 5 }) },
        { type: 'entry', entry: anEntry('no number', { number: null }) },
      ),
      0,
    ).shown;
    expect([known.arrivals, told.arrivals]).toEqual([0, 0]);
    expect(take(told, changes(2, { type: 'entry', entry: anEntry('c') }), 0).shown.arrivals).toBe(1);
  });

  it('of an older snapshot is thrown away', () => {
    const before = shown();
    expect(addPage(before, before.generation - 1, [anEntry('b')])).toBe(before);
  });
});

it('shows the answer to a wish unless something newer is known', () => {
  const before = shown();
  expect(addAnswer(before, anEntry('a', { version: 2 })).entries.get('a')?.version).toBe(2);
  expect(addAnswer(before, anEntry('a', { version: 1 }))).toBe(before);
  expect(addAnswer(before, anEntry('not here'))).toBe(before);
});

describe('read', () => {
  it('counts what it does not know as a heartbeat', () => {
    expect(read('{"type":"weather","seq":3,"cursor":"c","at":7}')).toEqual({
      type: 'heartbeat',
      seq: 3,
      cursor: 'c',
      at: 7,
    });
  });

  it('refuses what is no message', () => {
    expect(read('nonsense')).toBeNull();
    expect(read('7')).toBeNull();
    expect(read('{"type":"changes"}')).toBeNull();
  });
});

it('shows the answer to what was typed unless something newer is known, and nothing of what is done', () => {
  const before = take(NOTHING, snapshot(0, { notes: [aNote('c', { version: 3 })] }), 0).shown;
  expect(addNote(before, aNote('c', { version: 2 }))).toBe(before);
  expect(addNote(before, aNote('c', { version: 4, open: true })).notes.get('c')?.open).toBe(true);
  expect(addNote(before, aNote('c', { version: 5, done: 9 })).notes.size).toBe(0);
});
