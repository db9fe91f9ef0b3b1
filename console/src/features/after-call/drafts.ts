import { Failure, api, need, once } from '@/api';
import { type Note, serverNow, showNote, useLive } from '@/live';
import { refusedWords } from '@/notices';
import { useSession } from '@/session';
import { create } from 'zustand';

/** What an agent writes about a call. */
export type Written = Note['written'];

/** What was typed here about a call, and how far it has come. */
export interface Draft {
  written: Written;
  /** `typed` is here alone, `sending` on its way, `kept` at the server; `refused` will not be taken as it is. */
  state: 'typed' | 'sending' | 'kept' | 'refused';
  /** When the server had it last. */
  keptAt: number | null;
  /** The note was saved before: what is typed now goes to the server with the next save alone. */
  corrects: boolean;
  /** Why it is refused. */
  problem: string | null;
}

interface Drafts {
  drafts: ReadonlyMap<string, Draft>;
  /** The call whose form stays open though nothing but the agent asks for it. */
  writing: string | null;
}

export const useDrafts = create<Drafts>(() => ({ drafts: kept(), writing: null }));

export const NOTHING_WRITTEN: Written = { disposition: null, note: '', tags: [] };

/** Begins with what drafts of this tab begin with, so that they are forgotten together. */
const PREFIX = 'nohold.draft.note.';

/** After so long without a key the text goes to the server, in milliseconds. */
export const PAUSE = 600;

const LONGEST_PAUSE = 30_000;

function kept(): Map<string, Draft> {
  const found = new Map<string, Draft>();
  try {
    for (const key of Object.keys(sessionStorage)) {
      if (!key.startsWith(PREFIX)) continue;
      const written = JSON.parse(sessionStorage.getItem(key) ?? '') as Written;
      const state = { state: 'typed', keptAt: null, corrects: false, problem: null } as const;
      if (typeof written.note === 'string') found.set(key.slice(PREFIX.length), { written, ...state });
    }
  } catch {
    // What cannot be read was not kept.
  }
  return found;
}

function keepHere(call: string, written: Written | null): void {
  try {
    if (written === null) sessionStorage.removeItem(PREFIX + call);
    else sessionStorage.setItem(PREFIX + call, JSON.stringify(written));
  } catch {
    // It holds as long as the page.
  }
}

function change(call: string, next: Partial<Draft> | null): void {
  const drafts = new Map(useDrafts.getState().drafts);
  const before = drafts.get(call);
  if (next === null) drafts.delete(call);
  else if (before !== undefined) drafts.set(call, { ...before, ...next });
  useDrafts.setState({ drafts });
}

const timers = new Map<string, ReturnType<typeof setTimeout>>();
const pauses = new Map<string, number>();

function later(call: string, pause: number): void {
  clearTimeout(timers.get(call));
  timers.set(
    call,
    setTimeout(() => void send(call), pause),
  );
}

/** Whether a draft has something that the server does not have. */
export function isAhead(draft: Draft | undefined): boolean {
  return draft !== undefined && draft.state !== 'kept';
}

/** Takes over what is typed: it is in this tab at once, and soon at the server. */
export function type(call: string, written: Written): void {
  const before = useDrafts.getState().drafts.get(call);
  const { keptAt = null, corrects = false } = before ?? {};
  const drafts = new Map(useDrafts.getState().drafts);
  drafts.set(call, { written, state: 'typed', keptAt, corrects, problem: null });
  useDrafts.setState({ drafts, writing: call });
  keepHere(call, written);
  if (!corrects) later(call, PAUSE);
}

const sending = new Map<string, Promise<void>>();

/** Whether it may go better when the same is sent again. */
const passes = ({ status }: Failure) => status === 0 || status >= 500 || status === 401 || status === 429;

async function put(call: string, written: Written, keepalive = false): Promise<Note> {
  const asked = { params: { path: { id: call }, header: once() }, body: written, keepalive };
  return need(api.PUT('/api/calls/{id}/note', asked));
}

/** Sends what is ahead; one after the other, so that nothing old comes after something new. */
export function send(call: string): Promise<void> {
  clearTimeout(timers.get(call));
  const before = sending.get(call) ?? Promise.resolve();
  const own = before.then(() => sendNow(call));
  sending.set(call, own);
  return own;
}

async function sendNow(call: string): Promise<void> {
  const draft = useDrafts.getState().drafts.get(call);
  if (draft === undefined || draft.state !== 'typed' || draft.corrects) return;
  const { written } = draft;
  change(call, { state: 'sending' });
  // What was typed while it was on its way is still to be sent.
  const isSame = () => useDrafts.getState().drafts.get(call)?.written === written;
  try {
    const note = await put(call, written);
    pauses.delete(call);
    showNote(note);
    if (isSame()) {
      keepHere(call, null);
      change(call, { state: 'kept', keptAt: note.typed ?? serverNow() });
    }
  } catch (thrown) {
    const failure = thrown instanceof Failure ? thrown : Failure.unreachable();
    if (failure.code === 'note_done') change(call, { state: 'typed', corrects: true });
    else if (passes(failure)) {
      const pause = Math.min((pauses.get(call) ?? 500) * 2, LONGEST_PAUSE);
      pauses.set(call, pause);
      if (isSame()) change(call, { state: 'typed' });
      later(call, pause);
    } else if (isSame()) change(call, { state: 'refused', problem: refusedWords(failure) });
  }
}

/** Opens the form of a call, or closes it. */
export function write(call: string | null): void {
  useDrafts.setState({ writing: call });
}

/** It is done: nothing of it is kept here any more. */
export function forget(call: string): void {
  clearTimeout(timers.get(call));
  keepHere(call, null);
  change(call, null);
  useDrafts.setState(({ writing }) => ({ writing: writing === call ? null : writing }));
}

/** As {@link forget}, but the text stays shown while the call goes on. */
export function settle(call: string, written: Written): void {
  clearTimeout(timers.get(call));
  keepHere(call, null);
  const drafts = new Map(useDrafts.getState().drafts);
  drafts.set(call, { written, state: 'kept', keptAt: serverNow(), corrects: true, problem: null });
  useDrafts.setState({ drafts });
}

/** Sends everything that is ahead, now. */
function hurry(): void {
  for (const [call, draft] of useDrafts.getState().drafts) if (draft.state === 'typed') void send(call);
}

/** The page goes: what is not at the server yet is sent without waiting for the answer. */
function leave(): void {
  for (const [call, draft] of useDrafts.getState().drafts) {
    if ((draft.state === 'typed' || draft.state === 'sending') && !draft.corrects) {
      put(call, draft.written, true).catch(() => {});
    }
  }
}

/** Begins to keep what is typed; the answer ends it. */
export function beginDrafts(): () => void {
  const endLink = useLive.subscribe((live, before) => {
    if (live.link.state === 'connected' && before.link.state !== 'connected') hurry();
  });
  const endSession = useSession.subscribe(({ session }) => {
    if (session.state !== 'out') return;
    for (const timer of timers.values()) clearTimeout(timer);
    useDrafts.setState({ drafts: new Map(), writing: null });
  });
  window.addEventListener('pagehide', leave);
  hurry();
  return () => {
    endLink();
    endSession();
    window.removeEventListener('pagehide', leave);
  };
}
