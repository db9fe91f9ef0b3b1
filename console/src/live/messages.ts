import type { Agent, Call, Entry, Me, Note, OwnPhone, Queue, Reminder } from './rows';

/** What stands in every message of the live protocol. */
export interface Head {
  seq: number;
  cursor: string;
  at: number;
}

export interface Snapshot extends Head {
  type: 'snapshot';
  me: Me;
  entries: { items: Entry[]; total: number };
  agents: Agent[];
  queues: Queue[];
  calls: Call[];
  reminders: Reminder[];
  /** The viewer's own. */
  notes?: Note[];
  /** Null for who is no agent. */
  phone?: OwnPhone | null;
}

export type Change =
  | { type: 'entry'; entry: Entry }
  | { type: 'entry_gone'; id: string }
  | { type: 'agent'; agent: Agent }
  | { type: 'queue'; queue: Queue }
  | { type: 'call'; call: Call }
  | { type: 'call_gone'; id: string }
  | { type: 'reminder'; reminder: Reminder }
  | { type: 'reminder_withdrawn'; id: string }
  | { type: 'note'; note: Note }
  | { type: 'note_gone'; call: string }
  | { type: 'phone'; phone: OwnPhone | null };

export interface Changes extends Head {
  type: 'changes';
  total: number;
  changes: Change[];
}

export interface Heartbeat extends Head {
  type: 'heartbeat';
}

export type Message = Snapshot | Changes | Heartbeat;

/**
 * Reads what the server sent; nothing where it is no message at all. A type that is not known is a heartbeat for us: a
 * newer server may say more, and its place in the sequence counts.
 */
export function read(text: string): Message | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null) return null;
  const { type, seq, cursor, at } = said as Partial<Head> & { type?: unknown };
  if (
    typeof type !== 'string' ||
    typeof seq !== 'number' ||
    typeof cursor !== 'string' ||
    typeof at !== 'number'
  ) {
    return null;
  }
  if (type === 'snapshot' || type === 'changes') return said as Snapshot | Changes;
  return { type: 'heartbeat', seq, cursor, at };
}
