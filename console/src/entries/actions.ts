import { type Failure, api, isFailure, need, once } from '@/api';
import { type TFunction, clock, spoken, inWords, moment } from '@/i18n';
import { type Entry, agentName, compare, isOpen, serverNow, showAnswer, useLive } from '@/live';
import { type Saying, refusedWords, say } from '@/notices';
import { askedHere } from '@/phone/asked';
import { wayToMe } from '@/phone/readiness';
import { isOnCall, nextOf } from './look';
import { whoIs } from './words';

/** What becomes of an entry by somebody's word. */
export interface Outcome {
  outcome: 'close' | 'keep' | 'postpone' | 'not_reached';
  reason?: 'done' | 'cancelled' | 'refused';
  /** What was heard instead of the customer, for `not_reached`. */
  result?: string;
  window?: { from: number; to: number };
  disposition?: string;
  note?: string;
}

const params = (entry: Entry) => ({ params: { path: { id: entry.id }, header: once() } });

const me = () => useLive.getState().me?.agent ?? null;

/** The entry as it is now, where it is known. */
function current(entry: Entry): Entry {
  return useLive.getState().entries.get(entry.id) ?? entry;
}

async function change(asked: () => Promise<unknown>): Promise<Entry> {
  const changed = (await asked()) as Entry;
  showAnswer(changed);
  return changed;
}

const wish = {
  claim: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/claim', { ...params(entry), body: {} }))),
  release: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/release', { ...params(entry), body: {} }))),
  outcome: (entry: Entry, outcome: Outcome) =>
    change(() => need(api.POST('/api/entries/{id}/outcome', { ...params(entry), body: outcome }))),
  reopen: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/reopen', { ...params(entry), body: {} }))),
  reassign: (entry: Entry, agent: string | null) =>
    change(() => need(api.POST('/api/entries/{id}/reassign', { ...params(entry), body: { agent } }))),
  takeBackServed: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/take-back-served', { ...params(entry), body: {} }))),
  acknowledge: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/acknowledge', { ...params(entry), body: {} }))),
  allowMore: (entry: Entry) =>
    change(() => need(api.POST('/api/entries/{id}/allow-more-attempts', { ...params(entry), body: {} }))),
};

/** Does it; says so, offers to take it back, or says why it was refused. The answer is whether it was done. */
async function act(
  entry: Entry,
  doing: () => Promise<unknown>,
  title: Saying,
  undo?: () => Promise<unknown>,
) {
  try {
    await doing();
  } catch (thrown) {
    sayRefusal(entry, thrown);
    return false;
  }
  const takeBack = undo && {
    label: (t: TFunction) => t('do.undo'),
    do: () => void act(entry, undo, t => t('done.undone')),
  };
  say({ id: `did-${entry.id}`, kind: 'done', title, act: takeBack });
  return true;
}

/** How long a claim holds, in seconds; as the server has set it. */
function claimedFor(entry: Entry): number {
  const until = current(entry).state.until ?? serverNow();
  return Math.max(0, until - serverNow()) / 1_000;
}

export async function claim(entry: Entry): Promise<boolean> {
  let claimed = entry;
  try {
    claimed = await wish.claim(entry);
  } catch (thrown) {
    sayRefusal(entry, thrown);
    return false;
  }
  const holds = claimedFor(claimed);
  return act(
    entry,
    () => Promise.resolve(),
    t => t('done.claimed', { who: whoIs(t, entry), time: inWords(t, holds) }),
    () => wish.release(entry),
  );
}

export function release(entry: Entry): Promise<boolean> {
  return act(
    entry,
    () => wish.release(entry),
    t => t('done.released', { who: whoIs(t, entry) }),
    () => wish.claim(entry),
  );
}

/** Moves an entry. It can be taken back where the promise that it had can still be kept. */
export function postpone(entry: Entry, from: number, to: number, note: string): Promise<boolean> {
  const old = entry.request?.promise;
  const undo = !entry.request
    ? () => wish.outcome(entry, { outcome: 'keep' })
    : old && old.to > serverNow()
      ? () =>
          wish.outcome(entry, {
            outcome: 'postpone',
            window: { from: Math.min(old.from, old.to), to: old.to },
          })
      : undefined;
  const window = { from, to };
  return act(
    entry,
    () => wish.outcome(entry, { outcome: 'postpone', window, note }),
    t =>
      t('done.postponed', {
        who: whoIs(t, entry),
        time: moment(t, spoken.language, from, serverNow()),
      }),
    undo,
  );
}

export function sayOutcome(entry: Entry, outcome: Outcome): Promise<boolean> {
  const closes = outcome.outcome === 'close';
  const title: Saying = t => t(closes ? 'done.closed' : 'done.kept', { who: whoIs(t, entry) });
  return act(entry, () => wish.outcome(entry, outcome), title, closes ? () => wish.reopen(entry) : undefined);
}

/** It closed because the customer was served in another call, and should not have. */
export function takeBackServed(entry: Entry): Promise<boolean> {
  return act(
    entry,
    () => wish.takeBackServed(entry),
    t => t('done.servedTakenBack', { who: whoIs(t, entry) }),
  );
}

/** When entries were opened again in this tab, by id. */
const reopened = new Map<string, number>();

/** Whoever opens an entry again is told of it by that, and not once more as by somebody new, for so long, in milliseconds. */
const TOLD_BY_THAT = 10_000;

/** Whether an entry was opened again just now, and here. */
export const isReopenedHere = (id: string): boolean => Date.now() - (reopened.get(id) ?? 0) < TOLD_BY_THAT;

export function reopen(entry: Entry): Promise<boolean> {
  reopened.set(entry.id, Date.now());
  return act(
    entry,
    () => wish.reopen(entry),
    t => t('done.reopened', { who: whoIs(t, entry) }),
  );
}

export function assign(entry: Entry, agent: string | null): Promise<boolean> {
  const title: Saying = t =>
    agent === null
      ? t('done.unassigned', { who: whoIs(t, entry) })
      : t('done.assigned', { who: whoIs(t, entry), name: agentName(agent) });
  const before = entry.assigned ?? null;
  return act(
    entry,
    () => wish.reassign(entry, agent),
    title,
    () => wish.reassign(entry, before),
  );
}

export function acknowledge(entry: Entry): Promise<boolean> {
  return act(
    entry,
    () => wish.acknowledge(entry),
    t => t('done.seen', { who: whoIs(t, entry) }),
  );
}

export function allowMore(entry: Entry): Promise<boolean> {
  return act(
    entry,
    () => wish.allowMore(entry),
    t => t('done.allowed', { who: whoIs(t, entry) }),
  );
}

/** Calls that have been asked for and not answered yet, so that a double press is one call. */
const asked = new Set<string>();

/** Claims the entry and calls: the agent's phone is rung first, then the customer is dialled. */
export async function callBack(entry: Entry, beyondWindow = false): Promise<boolean> {
  if (asked.has(entry.id)) return false;
  asked.add(entry.id);
  const id = `did-${entry.id}`;
  try {
    const waits = () => say({ id, kind: 'info', title: t => t('done.connecting', { who: whoIs(t, entry) }) });
    const way = await wayToMe(waits);
    if (way === 'none') {
      say({ id, kind: 'refused', title: t => t('refusal.phone_off') });
      return false;
    }
    const asks = need(
      api.POST('/api/entries/{id}/call', { ...params(entry), body: { beyond_window: beyondWindow } }),
    );
    askedHere((await asks).call);
    say({
      id,
      kind: 'info',
      title: t => t(way === 'here' ? 'done.calling' : 'done.called', { who: whoIs(t, entry) }),
    });
    return true;
  } catch (thrown) {
    const overrides = useLive.getState().me?.role !== 'agent' && isFailure(thrown, 'outside_window');
    sayRefusal(
      entry,
      thrown,
      overrides ? { label: t => t('do.beyondWindow'), do: () => void callBack(entry, true) } : undefined,
    );
    return false;
  } finally {
    asked.delete(entry.id);
  }
}

/** Puts the customer's number on the block list, which holds for everybody from now on. */
export async function block(entry: Entry): Promise<boolean> {
  const { number } = entry;
  if (!number) return false;
  return act(
    entry,
    () => keepBlocked(kept => [...new Set([...kept, number])].sort()),
    t => t('done.blocked', { who: whoIs(t, entry) }),
    () => keepBlocked(kept => kept.filter(one => one !== number)),
  );
}

/** Takes the customer's number off the block list. One that a prefix blocks stays: that is for the configuration. */
export async function unblock(entry: Entry): Promise<boolean> {
  const { number } = entry;
  if (!number) return false;
  let byPrefix = false;
  try {
    byPrefix = !(await blocked()).numbers.includes(number);
  } catch (thrown) {
    sayRefusal(entry, thrown);
    return false;
  }
  if (byPrefix) {
    say({
      id: `did-${entry.id}`,
      kind: 'refused',
      title: t => t('block.byPrefix', { who: whoIs(t, entry) }),
    });
    return false;
  }
  return act(
    entry,
    () => keepBlocked(kept => kept.filter(one => one !== number)),
    t => t('done.unblocked', { who: whoIs(t, entry) }),
    () => keepBlocked(kept => [...new Set([...kept, number])].sort()),
  );
}

/** Changes which numbers are blocked. */
async function keepBlocked(change: (numbers: string[]) => string[]): Promise<void> {
  const { numbers, prefixes, seen } = await blocked();
  await need(
    api.PUT('/api/configuration/blocked', {
      params: { header: { ...once(), ...seen } },
      body: { prefixes, numbers: change(numbers) },
    }),
  );
}

/** The block list with what proves that it was read: nobody's change in the meantime is lost. */
async function blocked() {
  try {
    const { body, version } = await need(api.GET('/api/configuration/blocked'));
    const { numbers = [], prefixes = [] } = body as { numbers?: string[]; prefixes?: string[] };
    return { numbers, prefixes, seen: { 'If-Match': `"${version}"` } };
  } catch (thrown) {
    if (!isFailure(thrown, 'not_found')) throw thrown;
    return { numbers: [] as string[], prefixes: [] as string[], seen: { 'If-None-Match': '*' } };
  }
}

/** Says why something was not done, in the words of the desk. */
function sayRefusal(entry: Entry, thrown: unknown, offer?: { label: Saying; do: () => void }): void {
  say({ id: `did-${entry.id}`, kind: 'refused', title: refusal(entry, thrown), act: offer });
}

const PLAIN = [
  'closed',
  'changed',
  'no_attempts_left',
  'number_in_use',
  'number_forbidden',
  'no_number',
  'no_caller_id',
  'no_agent',
  'in_call',
  'no_outcome_yet',
  'not_in_the_future',
  'too_far_ahead',
  'other_groups',
  'open_elsewhere',
  'store_unavailable',
  'not_known_yet',
  'unreachable',
  'not_signed_in',
] as const;

/** Why something was refused; what it is about is as it stands now. */
export function refusal(entry: Entry, thrown: unknown): Saying {
  if (!isFailure(thrown)) return t => t('refusal.other', { words: String(thrown) });
  if (thrown.code === 'held') return lost(entry, thrown);
  const until = thrown.body?.until;
  if (
    (thrown.code === 'outside_window' || thrown.code === 'too_soon' || thrown.code === 'too_often') &&
    until
  ) {
    const { code } = thrown;
    return t => {
      const time =
        code === 'too_soon' ? clock(spoken.language, until) : moment(t, spoken.language, until, serverNow());
      return t(`refusal.${code}`, { time });
    };
  }
  if (thrown.code === 'not_then' && until)
    return t => t('refusal.not_then', { time: moment(t, spoken.language, until, serverNow()) });
  if (thrown.code === 'agent_state') {
    const first = firstOf();
    return t => t(`refusal.${first}`);
  }
  const plain = PLAIN.find(code => code === thrown.code);
  if (plain !== undefined) return t => t(`refusal.${plain}`, { who: whoIs(t, entry) });
  return t => t('refusal.other', { words: refusedWords(thrown) });
}

/** What an agent has to do before anything else, by the state that they are in. */
function firstOf(): 'start_first' | 'call_in_hand' | 'wrap_up_first' | 'agent_state' {
  const state = useLive.getState().agents.get(me() ?? '')?.state;
  if (state === 'not_signed_in') return 'start_first';
  if (state === 'wrap_up') return 'wrap_up_first';
  return state !== undefined && isOnCall(state) ? 'call_in_hand' : 'agent_state';
}

/** Somebody was quicker: who, and what is next. */
function lost(entry: Entry, failure: Failure): Saying {
  const holder = current(entry).state.agent ?? failure.message.split(' ')[0] ?? '';
  const name = agentName(holder);
  const others = [...useLive.getState().entries.values()].filter(one => one.id !== entry.id && isOpen(one));
  const next = nextOf(others.sort(compare), me(), serverNow());
  return t => {
    const what = t(entry.section === 'requests' ? 'refusal.request' : 'refusal.entry');
    return next
      ? t('refusal.lostNext', { name, what, who: whoIs(t, next) })
      : t('refusal.lost', { name, what });
  };
}
