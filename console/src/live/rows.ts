import type { components } from '@/api';

type Schemas = components['schemas'];
type With<T, U> = Omit<T, keyof U> & U;

/** The parts of the list, highest first. */
export const SECTIONS = ['requests', 'cut_off', 'messages', 'missed'] as const;
export type Section = (typeof SECTIONS)[number];

export type CloseReason = 'done' | 'served' | 'cancelled' | 'unreachable' | 'expired' | 'refused';

export type CallResult =
  | 'answered'
  | 'no_answer'
  | 'busy'
  | 'refused'
  | 'unallocated'
  | 'switched_off'
  | 'machine'
  | 'failed'
  | 'interrupted';

export type LeftAt =
  'menu' | 'after_hours' | 'message' | 'connecting' | 'transfer' | { queue: string } | { overflow: string };

export type EntryState = With<
  Schemas['StateShown'],
  {
    name: 'waiting' | 'claimed' | 'attempting' | 'talking' | 'noting' | 'closed';
    reason?: CloseReason | null;
  }
>;

export type Attempt = With<Schemas['AttemptShown'], { result?: CallResult | null }>;

/** One line of the missed-call list. */
export type Entry = With<
  Schemas['EntryShown'],
  {
    section: Section;
    state: EntryState;
    attempts: Attempt[];
    missed: With<Schemas['MissedShown'], { left_at?: LeftAt | null }>;
  }
>;

export type AgentState =
  | 'not_signed_in'
  | 'available'
  | 'not_ready'
  | 'break'
  | 'reserved'
  | 'ringing'
  | 'talking'
  | 'held'
  | 'wrap_up'
  | 'no_answer';

/** An agent at work. */
export type Agent = With<
  Schemas['AgentShown'],
  { state: AgentState; after?: 'signed_out' | 'available' | 'not_ready' | 'break' | 'no_answer' | null }
>;

/** A queue and its line. */
export type Queue = Schemas['QueueShown'];

/** The viewer's own phone in the browser, as the server sees it. */
export type OwnPhone = Schemas['PhoneShown'];

/** A live call. */
export type Call = Schemas['CallShown'];

/** What an agent writes about a call, and whether it is to be done. */
export type Note = Schemas['NoteShown'];

/** Something that somebody should know at once. */
export interface Reminder {
  id: string;
  kind: 'request' | 'cut_off' | 'unreachable' | 'unclaimed' | 'escalated';
  entry: string;
  since: number;
  until?: number | null;
  /** A word for the moment in which it came: whether it makes a sound. */
  sounds: boolean;
}

export type Role = 'agent' | 'supervisor' | 'administrator';

/** Who looks. */
export interface Me {
  user: string;
  role: Role;
  /** The agent who they are; none who takes no calls. */
  agent: string | null;
  /** For supervisors: the groups they look after; null means all. */
  groups: string[] | null;
  /** What they may beside the role; nothing until the server has told. */
  may?: ('see_numbers' | 'download' | 'export_numbers')[];
}

/** The agent who has an entry in hand. */
export function holder(entry: Entry): string | null {
  return entry.state.name === 'closed' ? null : (entry.state.agent ?? null);
}

/** Whether somebody should still do something about it. */
export function isOpen(entry: Entry): boolean {
  return entry.state.name !== 'closed';
}
