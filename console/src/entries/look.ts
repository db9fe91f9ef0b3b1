import { given } from '@/api';
import { type AgentState, type Attempt, type CallResult, type Entry, type Me, holder } from '@/live';

const MINUTE = 60_000;

/** A promise that ends within this is *due soon*. */
export const MARGIN = 5 * MINUTE;

/** How a promise looks. Times are lengths in milliseconds, or moments where they say so. */
export type PromiseLook =
  /** Not to be called before its window, which is in the future. */
  | { kind: 'later'; from: number; to: number }
  /** To be called by this moment. */
  | { kind: 'by'; at: number }
  | { kind: 'left'; left: number }
  | { kind: 'overdue'; late: number }
  /** It was kept at this moment. */
  | { kind: 'kept'; at: number }
  /** It was kept too late, by so much. */
  | { kind: 'late'; late: number }
  /** There is no promise, and this is what is known instead. */
  | { kind: 'talked'; time: number }
  | { kind: 'waited'; time: number }
  | { kind: 'messages' }
  | { kind: 'none' };

/** When the customer was reached, or last tried while the request stood. */
function reached(entry: Entry): Attempt | undefined {
  return entry.attempts.findLast(attempt => attempt.result === 'answered');
}

/** How the promise of an entry looks now. */
export function promiseOf(entry: Entry, now: number): PromiseLook {
  const { request, state } = entry;
  if (!request) return withoutPromise(entry);
  const { from, to } = request.promise;
  const talked =
    state.name === 'talking' || state.name === 'noting' || state.name === 'closed'
      ? reached(entry)
      : undefined;
  if (talked) {
    return talked.began <= to
      ? { kind: 'kept', at: talked.began }
      : { kind: 'late', late: talked.began - to };
  }
  if (state.name === 'closed') return { kind: 'none' };
  if (now > to) return { kind: 'overdue', late: now - to };
  if (entry.due > now + MINUTE && from > now) return { kind: 'later', from, to };
  if (to - now <= MARGIN) return { kind: 'left', left: to - now };
  return { kind: 'by', at: to };
}

function withoutPromise(entry: Entry): PromiseLook {
  if (entry.section === 'messages') return { kind: 'messages' };
  const talked = entry.attempts.findLast(attempt => attempt.talked > 0)?.talked ?? 0;
  if (talked > 0) return { kind: 'talked', time: talked };
  if (entry.missed.waited > 0) return { kind: 'waited', time: entry.missed.waited };
  return { kind: 'none' };
}

export function isOverdue(entry: Entry, now: number): boolean {
  return promiseOf(entry, now).kind === 'overdue';
}

/** Why somebody stands on the list. */
export type Why =
  | { kind: 'pressed'; key: string; queue: string }
  | { kind: 'pressedMenu'; key: string }
  | { kind: 'queue'; queue: string }
  | { kind: 'web' }
  /** An agent has agreed with the customer to call again: which one. */
  | { kind: 'followUp'; by: string }
  | { kind: 'again'; result: CallResult }
  | { kind: 'cutOff'; count: number }
  | { kind: 'message'; count: number }
  | { kind: 'leftQueue'; queue: string }
  | { kind: 'leftOverflow'; queue: string }
  | { kind: 'leftMenu' | 'leftAfterHours' | 'leftMessage' | 'leftConnecting' | 'leftTransfer' | 'missed' };

const LEFT = {
  menu: 'leftMenu',
  after_hours: 'leftAfterHours',
  message: 'leftMessage',
  connecting: 'leftConnecting',
  transfer: 'leftTransfer',
} as const;

/** What the path of a request begins with that an agent has made at the desk, before the agent's key. Some have the account there. */
const AT_DESK = 'desk/';

/** The agent who has arranged that the customer is called again, or their account; nothing where the customer asked. */
export function arrangedBy(path: readonly string[] | undefined): string | null {
  return path?.find(part => part.startsWith(AT_DESK))?.slice(AT_DESK.length) ?? null;
}

/** Whether the viewer has arranged it. */
export function isArrangedBy(me: Me | null, path: readonly string[] | undefined): boolean {
  const by = arrangedBy(path);
  return by !== null && me !== null && (by === me.agent || by === me.user);
}

/** Why somebody stands on the list; a retry that is still to come counts for more than how it began. */
export function whyOf(entry: Entry, now: number): Why {
  const { request } = entry;
  if (request) {
    const last = entry.attempts.at(-1)?.result;
    if (last && last !== 'answered' && entry.state.name === 'waiting' && entry.due > now) {
      return { kind: 'again', result: last };
    }
    const by = arrangedBy(request.path);
    if (by !== null) return { kind: 'followUp', by };
    if (request.key && request.queue) return { kind: 'pressed', key: request.key, queue: request.queue };
    if (request.key) return { kind: 'pressedMenu', key: request.key };
    if (request.queue) return { kind: 'queue', queue: request.queue };
    return { kind: 'web' };
  }
  if (entry.section === 'cut_off') return { kind: 'cutOff', count: entry.cut_off };
  if (entry.section === 'messages') return { kind: 'message', count: entry.messages.length };
  const left = entry.missed.left_at;
  if (!left) return { kind: 'missed' };
  if (typeof left === 'string') return { kind: LEFT[left] ?? 'missed' };
  return 'queue' in left
    ? { kind: 'leftQueue', queue: left.queue }
    : { kind: 'leftOverflow', queue: left.overflow };
}

/** The reasons by which the list is filtered. */
export const REASONS = ['asked', 'web', 'follow_up', 'retry', 'cut_off', 'message', 'queue', 'menu'] as const;
export type Reason = (typeof REASONS)[number];

export function reasonOf(why: Why): Reason {
  switch (why.kind) {
    case 'pressed':
    case 'pressedMenu':
    case 'queue':
      return 'asked';
    case 'web':
      return 'web';
    case 'followUp':
      return 'follow_up';
    case 'again':
      return 'retry';
    case 'cutOff':
      return 'cut_off';
    case 'message':
      return 'message';
    case 'leftQueue':
    case 'leftOverflow':
      return 'queue';
    case 'leftMenu':
    case 'leftAfterHours':
    case 'leftMessage':
    case 'leftConnecting':
    case 'leftTransfer':
    case 'missed':
      return 'menu';
  }
}

/** The message that *play* is about: the one that plays, else the first that nobody has heard, else the last. */
export function toPlay(entry: Entry, playing: string | null): string | undefined {
  if (playing !== null && entry.messages.includes(playing)) return playing;
  const isNew = (message: string) => entry.heard.every(one => one.message !== message);
  return entry.messages.find(isNew) ?? entry.messages.at(-1);
}

/** When the last of the messages was heard first, and by whom; nothing while one of them is new. */
export function heardLast(entry: Entry): Entry['heard'][number] | undefined {
  return entry.heard.length < entry.messages.length ? undefined : entry.heard.at(-1);
}

/** How often somebody has tried, and how the last try ended. */
export function triesOf(entry: Entry): { made: number; result: CallResult | null } {
  const counted = entry.attempts.filter(attempt => attempt.counted);
  return { made: counted.length, result: counted.at(-1)?.result ?? null };
}

/** Who has an entry in hand, seen by an agent. */
export type Hold = 'free' | 'mine' | 'other';

export function holdOf(entry: Entry, me: string | null): Hold {
  const by = holder(entry);
  if (by === null) return 'free';
  return by === me ? 'mine' : 'other';
}

/** So long after an entry closed as served that can be taken back, in milliseconds. */
const TAKEN_BACK_WITHIN = 24 * 60 * MINUTE;

/** Whether an entry closed because its customer was served in another call, and that can be taken back still. */
export function mayTakeBack(entry: Entry, now: number): boolean {
  const { name, reason, at } = entry.state;
  return name === 'closed' && reason === 'served' && given(at) && now - at < TAKEN_BACK_WITHIN;
}

/** Whether a call is on its way to an agent in this state, or in hand. */
export function isOnCall(state: AgentState): boolean {
  return ['reserved', 'ringing', 'talking', 'held'].includes(state);
}

/** Whether an agent in this state has something in hand that comes before the list: a call, or what is to be written of it. */
export function isInHand(state: AgentState): boolean {
  return state === 'wrap_up' || isOnCall(state);
}

/** Whether the call to this customer is over and this agent has not said yet what came of it. */
export function mayNote(entry: Entry, me: string | null): boolean {
  return entry.state.name === 'noting' && !entry.state.call && holdOf(entry, me) === 'mine';
}

/** Whether *Call back* makes sense: there is a number, and the entry is free or claimed by this agent without a call. */
export function mayCall(entry: Entry, me: string | null): boolean {
  if (!entry.number || entry.blocked || me === null) return false;
  const { name, call, broken } = entry.state;
  if (name === 'waiting') return true;
  return (
    holdOf(entry, me) === 'mine' && ((name === 'claimed' && !call) || (name === 'noting' && broken === true))
  );
}

/** Whether this agent should still do something about it; that is what the badge counts. */
export function isMineToDo(entry: Entry, me: string | null, now: number): boolean {
  if (me === null || entry.state.name === 'closed') return false;
  const hold = holdOf(entry, me);
  if (hold !== 'free') return hold === 'mine';
  if (entry.assigned) return entry.assigned === me;
  const asked = entry.section === 'requests' || entry.section === 'cut_off';
  return asked && Math.max(entry.due, entry.not_before) <= now;
}

/** The row whose button is the next thing to press: what came of a call is said before somebody else is called. */
export function nextRow(inOrder: readonly Entry[], me: string | null, now: number): Entry | undefined {
  return inOrder.find(entry => mayNote(entry, me)) ?? nextOf(inOrder, me, now);
}

/** The entry to be worked on next among those in order: the first that is free, due and for nobody else. */
export function nextOf(inOrder: readonly Entry[], me: string | null, now: number): Entry | undefined {
  const fits = (entry: Entry) =>
    mayCall(entry, me) && (entry.assigned ?? me) === me && Math.max(entry.due, entry.not_before) <= now;
  const mine = inOrder.find(entry => holdOf(entry, me) === 'mine' && fits(entry));
  return mine ?? inOrder.find(fits);
}
