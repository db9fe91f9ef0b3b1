import { given } from '@/api';
import type { Change, Message, Snapshot } from './messages';
import {
  type Agent,
  type Call,
  type Entry,
  type Me,
  type Note,
  type OwnPhone,
  type Queue,
  type Reminder,
  isOpen,
} from './rows';

/** Everything that this viewer sees now. A value of it is never changed: each message makes a new one. */
export interface Shown {
  /** Who looks; nobody before the first snapshot. */
  me: Me | null;
  /** Open entries that are known here, and closed ones that still remind. */
  entries: ReadonlyMap<string, Entry>;
  /** How many open entries there are; more than are known while the rest is fetched. */
  total: number;
  agents: ReadonlyMap<string, Agent>;
  queues: ReadonlyMap<string, Queue>;
  calls: ReadonlyMap<string, Call>;
  reminders: ReadonlyMap<string, Reminder>;
  /** The viewer's own notes that are to be done or may be written, by the call. */
  notes: ReadonlyMap<string, Note>;
  /** The viewer's own phone in the browser; none for who is no agent. */
  phone: OwnPhone | null;
  /** Counts the snapshots: whoever keeps something beside this begins anew with each. */
  generation: number;
  /** Entries that went since the snapshot, so that a page of the list that was asked for before does not bring them back. */
  gone: ReadonlySet<string>;
  /** Counts the entries of known numbers that came onto the list since the snapshot, so that somebody sees whether there are new ones. */
  arrivals: number;
  /** Where to go on after a break. */
  cursor: string | null;
  /** The number of the last message of this connection; -1 before the first. */
  seq: number;
  /** The server's clock minus ours, in milliseconds. */
  ahead: number;
}

export const NOTHING: Shown = {
  me: null,
  entries: new Map(),
  total: 0,
  agents: new Map(),
  queues: new Map(),
  calls: new Map(),
  reminders: new Map(),
  notes: new Map(),
  phone: null,
  generation: 0,
  gone: new Set(),
  arrivals: 0,
  cursor: null,
  seq: -1,
  ahead: 0,
};

/** What a message has made of what is shown. */
export interface Taken {
  shown: Shown;
  /** The sequence has a gap, or changes came before there was anything to change: connect anew without a cursor. */
  fault: boolean;
  /** Reminders that came with this message. */
  fresh: Reminder[];
}

/** A connection begins: its messages are counted from 0. */
export function connected(shown: Shown): Shown {
  return { ...shown, seq: -1 };
}

/** A fault: what is shown stays, and no connection goes on from it. */
export function forgetCursor(shown: Shown): Shown {
  return { ...shown, cursor: null };
}

/** Takes over one message. `now` is our own clock when it came. */
export function take(shown: Shown, message: Message, now: number): Taken {
  const gap = message.seq !== shown.seq + 1;
  const early = message.type === 'changes' && shown.me === null;
  if (gap || early) return { shown, fault: true, fresh: [] };
  const head = { seq: message.seq, cursor: message.cursor, ahead: message.at - now };
  switch (message.type) {
    case 'heartbeat':
      return { shown: { ...shown, ...head }, fault: false, fresh: [] };
    case 'snapshot':
      return anew(shown, message, head);
    case 'changes':
      return changed({ ...shown, ...head, total: message.total }, message.changes);
  }
}

function anew(shown: Shown, snapshot: Snapshot, head: Pick<Shown, 'seq' | 'cursor' | 'ahead'>): Taken {
  const next: Shown = {
    ...head,
    me: snapshot.me,
    entries: new Map(snapshot.entries.items.map(entry => [entry.id, entry])),
    total: snapshot.entries.total,
    agents: new Map(snapshot.agents.map(agent => [agent.key, agent])),
    queues: new Map(snapshot.queues.map(queue => [queue.key, queue])),
    calls: new Map(snapshot.calls.map(call => [call.id, call])),
    reminders: new Map(snapshot.reminders.map(reminder => [reminder.id, reminder])),
    notes: new Map((snapshot.notes ?? []).map(note => [note.call, note])),
    phone: snapshot.phone ?? null,
    generation: shown.generation + 1,
    gone: new Set(),
    arrivals: 0,
  };
  return { shown: next, fault: false, fresh: snapshot.reminders };
}

function changed(shown: Shown, changes: Change[]): Taken {
  const touched = new Set(changes.map(change => KEPT_IN[change.type]));
  const copy = <K, V>(map: ReadonlyMap<K, V>, name: string): Map<K, V> =>
    touched.has(name) ? new Map(map) : (map as Map<K, V>);
  const entries = copy(shown.entries, 'entries');
  const agents = copy(shown.agents, 'agents');
  const queues = copy(shown.queues, 'queues');
  const calls = copy(shown.calls, 'calls');
  const reminders = copy(shown.reminders, 'reminders');
  const notes = copy(shown.notes, 'notes');
  let { gone, phone, arrivals } = shown;
  const fresh: Reminder[] = [];
  for (const change of changes) {
    switch (change.type) {
      case 'entry':
        if (isListed(change.entry) && !isListed(entries.get(change.entry.id))) arrivals += 1;
        entries.set(change.entry.id, change.entry);
        if (gone.has(change.entry.id)) gone = new Set([...gone].filter(id => id !== change.entry.id));
        break;
      case 'entry_gone':
        entries.delete(change.id);
        gone = new Set(gone).add(change.id);
        break;
      case 'agent':
        agents.set(change.agent.key, change.agent);
        break;
      case 'queue':
        queues.set(change.queue.key, change.queue);
        break;
      case 'call':
        calls.set(change.call.id, change.call);
        break;
      case 'call_gone':
        calls.delete(change.id);
        break;
      case 'reminder':
        reminders.set(change.reminder.id, change.reminder);
        fresh.push(change.reminder);
        break;
      case 'reminder_withdrawn':
        reminders.delete(change.id);
        break;
      case 'note':
        notes.set(change.note.call, change.note);
        break;
      case 'note_gone':
        notes.delete(change.call);
        break;
      case 'phone':
        phone = change.phone;
        break;
      default:
        // A newer server says more than we know.
        break;
    }
  }
  const next = { ...shown, entries, agents, queues, calls, reminders, notes, phone, gone, arrivals };
  return { shown: next, fault: false, fresh };
}

/** Whether it is open and somebody can be found by its number. */
const isListed = (entry: Entry | undefined) => entry !== undefined && isOpen(entry) && given(entry.number);

const KEPT_IN: Record<Change['type'], string> = {
  entry: 'entries',
  entry_gone: 'entries',
  agent: 'agents',
  queue: 'queues',
  call: 'calls',
  call_gone: 'calls',
  reminder: 'reminders',
  reminder_withdrawn: 'reminders',
  note: 'notes',
  note_gone: 'notes',
  phone: 'phone',
};

/**
 * Adds a page of the list beyond what a snapshot holds. What was told since is newer than the page: entries that went stay
 * away, and no entry gets older.
 */
export function addPage(shown: Shown, generation: number, items: Entry[]): Shown {
  if (generation !== shown.generation) return shown;
  const entries = new Map(shown.entries);
  for (const entry of items) {
    const known = entries.get(entry.id);
    if (!shown.gone.has(entry.id) && (known === undefined || known.version < entry.version)) {
      entries.set(entry.id, entry);
    }
  }
  return { ...shown, entries };
}

/** Takes over the answer to what was typed; what is done stands on no page any more. */
export function addNote(shown: Shown, note: Note): Shown {
  const known = shown.notes.get(note.call);
  if (known !== undefined && known.version >= note.version) return shown;
  const notes = new Map(shown.notes);
  if (!given(note.done)) notes.set(note.call, note);
  else notes.delete(note.call);
  return { ...shown, notes };
}

/** Takes over the answer to a wish of our own, where it is newer than what is shown. */
export function addAnswer(shown: Shown, entry: Entry): Shown {
  const known = shown.entries.get(entry.id);
  if (known === undefined || known.version >= entry.version) return shown;
  return { ...shown, entries: new Map(shown.entries).set(entry.id, entry) };
}
