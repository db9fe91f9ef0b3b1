import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import { api, need } from '@/api';
import { type Entry, serverNow, useLive, useStep } from '@/live';

/** A name is asked for anew after this, in milliseconds: somebody may have written it down meanwhile. */
const KEPT = 60_000;

/** Names are asked for once no more rows come into sight for so long, in milliseconds: what a thumb passes by is not asked for. */
const TOGETHER = 60;

/** Whoever scrolls on and on has names after this, in milliseconds. */
const LATEST = 400;

/** So many are named at a time. */
const MOST = 100;

interface Known {
  name: string | null;
  /** When it was asked for. */
  at: number;
}

type Names = ReadonlyMap<string, Known>;

interface Store {
  /** By entry: so have those a name whom the number is hidden from. */
  entries: Names;
  /** By call that is over: so has it a name in the history, too. */
  calls: Names;
  /** By number, for what is neither. */
  numbers: Names;
  /** By open entry, whoever fits what is searched for; and when that was asked: at which snapshot, after how many arrivals. */
  found: { query: string; at: number; after: string; names: ReadonlyMap<string, string> };
  /** What was searched for last without an answer. */
  unanswered: string;
}

const useKnown = create<Store>(() => ({
  entries: new Map(),
  calls: new Map(),
  numbers: new Map(),
  found: { query: '', at: 0, after: '', names: new Map() },
  unanswered: '',
}));

type What = 'entries' | 'calls' | 'numbers';

/** What is to be asked for still: by how many places of the page. */
const wanted: Record<What, Map<string, number>> = {
  entries: new Map(),
  calls: new Map(),
  numbers: new Map(),
};
/** Since when something waits to be asked for, when it will be, and whether somebody asks just now. */
const asks = {
  entries: { since: 0, timer: 0, busy: false },
  calls: { since: 0, timer: 0, busy: false },
  numbers: { since: 0, timer: 0, busy: false },
};

/** Adds what was found; what nobody has looked at for long is forgotten. */
function keep(old: Names, found: Iterable<[string, string | null]>): Names {
  const at = serverNow();
  const names = new Map([...old].filter(([, known]) => at - known.at < 10 * KEPT));
  for (const [of, name] of found) names.set(of, { name, at });
  return names;
}

function take(from: Map<string, number>, most: number): string[] {
  const taken = [...from.keys()].slice(0, most);
  taken.forEach(one => from.delete(one));
  return taken;
}

async function askOfEntries(ids: readonly string[]): Promise<void> {
  const query = { entries: ids.join(',') };
  const found = await need(api.GET('/api/entries/names', { params: { query } })).catch(() => null);
  // Without an answer the numbers stand alone; whoever comes into sight next asks anew.
  if (found === null) return;
  const names = ids.map((id): [string, string | null] => [id, found.names[id] ?? null]);
  useKnown.setState(({ entries }) => ({ entries: keep(entries, names) }));
}

async function askOfCalls(ids: readonly string[]): Promise<void> {
  const query = { calls: ids.join(',') };
  const found = await need(api.GET('/api/history/names', { params: { query } })).catch(() => null);
  if (found === null) return;
  const names = ids.map((id): [string, string | null] => [id, found.names[id] ?? null]);
  useKnown.setState(({ calls }) => ({ calls: keep(calls, names) }));
}

async function askOfNumber(number: string): Promise<void> {
  const query = { q: number, limit: 10 };
  const found = await need(api.GET('/api/contacts', { params: { query } })).catch(() => null);
  if (found === null) return;
  const contact = found.items.find(one => one.numbers.includes(number));
  useKnown.setState(({ numbers }) => ({ numbers: keep(numbers, [[number, contact?.name ?? null]]) }));
}

/** One question after the other, so that a long list is no burden. */
async function askAll(what: What): Promise<void> {
  const own = asks[what];
  own.since = 0;
  if (own.busy) return;
  own.busy = true;
  while (wanted[what].size > 0) {
    if (what === 'entries') await askOfEntries(take(wanted.entries, MOST));
    else if (what === 'calls') await askOfCalls(take(wanted.calls, MOST));
    else for (const number of take(wanted.numbers, 1)) await askOfNumber(number);
  }
  own.busy = false;
}

/** Asks for names soon; the answer takes that back, where nobody has asked yet. */
function want(what: What, all: readonly string[]): () => void {
  if (all.length === 0) return () => {};
  const [own, counts] = [asks[what], wanted[what]];
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  const now = performance.now();
  if (own.since === 0) own.since = now;
  clearTimeout(own.timer);
  own.timer = window.setTimeout(
    () => void askAll(what),
    Math.max(0, Math.min(TOGETHER, own.since + LATEST - now)),
  );
  return () => {
    for (const one of all) {
      const count = counts.get(one) ?? 0;
      if (count > 1) counts.set(one, count - 1);
      else counts.delete(one);
    }
  };
}

/** A number that stands for one customer: what is hidden from the viewer does not. */
const isWhole = (number: string | null | undefined): number is string =>
  typeof number === 'string' && /^\+\d+$/.test(number);

/** The customer's name, as far as it is known now. */
export function customerName(
  { id, number }: Entry,
  { entries, numbers } = useKnown.getState(),
): string | null {
  return entries.get(id)?.name ?? (number ? numbers.get(number)?.name : null) ?? null;
}

/** The customer's name, where the contacts know it; nothing until the server has said so. */
export function useCustomerName(entry: Entry | undefined): string | null {
  const name = useKnown(known => (entry === undefined ? null : customerName(entry, known)));
  const { id, number } = entry ?? { id: '', number: null };
  const at = useKnown(known => known.entries.get(id)?.at);
  const now = useStep(KEPT);
  const old = at === undefined || at + KEPT < now;
  useEffect(() => {
    if (number && old) return want('entries', [id]);
    return undefined;
  }, [id, number, old]);
  return name;
}

/** Calls that are over are looked at, not worked on: their names are asked for less often. */
const isSeldomAsked = (known: Known | undefined, now: number) =>
  known === undefined || known.at + 5 * KEPT < now;

/** The name of whom a call that is over was with, where the contacts know it; nothing for a call without a number outside. */
export function useNameOfCall(call: { call: string; number?: string | null } | undefined): string | null {
  const id = call?.number ? call.call : null;
  const known = useKnown(({ calls }) => (id === null ? undefined : calls.get(id)));
  const old = isSeldomAsked(known, useStep(KEPT));
  useEffect(() => {
    if (id !== null && old) return want('calls', [id]);
    return undefined;
  }, [id, old]);
  return known?.name ?? null;
}

/** The name of whom a number belongs to, where the contacts know it and the number is not hidden from the viewer. */
export function useNameOfNumber(number: string | null | undefined): string | null {
  const known = useKnown(({ numbers }) => (number ? numbers.get(number) : undefined));
  const old = isSeldomAsked(known, useStep(KEPT));
  useEffect(() => {
    if (isWhole(number) && old) return want('numbers', [number]);
    return undefined;
  }, [number, old]);
  return known?.name ?? null;
}

/** Waits until the names of these entries are known, but no longer than this, in milliseconds. */
export async function learnNames(ids: readonly string[], within: number): Promise<void> {
  const { entries } = useKnown.getState();
  const unknown = ids.filter(id => !entries.has(id));
  if (unknown.length === 0) return;
  unknown.forEach(id => wanted.entries.delete(id));
  const late = new Promise(resolve => setTimeout(resolve, within));
  await Promise.race([askOfEntries(unknown), late]);
}

/** Names of customers by their entries, to search in. */
export type NameOf = (entry: Entry) => string | null;

const NOBODY: NameOf = () => null;

/** Whether a text may be a part of a name: digits alone are a number. */
export const mayBeName = (query: string): boolean => /\p{L}/u.test(query);

/** Whoever came onto the list after the question is asked for after this, in milliseconds. */
const LATER = 1_000;

/** Somebody who types is let finish a word, in milliseconds. */
const TYPED = 150;

/** What is being asked just now: several places of the page may look for the same. */
let finding = '';

/** The server looks among all entries, also those that the page has not fetched yet: what came after that is new. */
const arrived = ({ generation, arrivals }: { generation: number; arrivals: number }) =>
  `${generation} ${arrivals}`;

/** Whoever fits `query` is among those who fitted what was asked for. */
const covers = ({ query: asked }: Store['found'], query: string) =>
  asked !== '' && query.toLowerCase().includes(asked.toLowerCase());

/** Asks for all open entries whose customer's name fits, however many contacts there are. */
async function find(query: string): Promise<void> {
  if (finding === query) return;
  finding = query;
  const after = arrived(useLive.getState());
  const found = await need(api.GET('/api/entries/names', { params: { query: { q: query } } })).catch(
    () => null,
  );
  if (finding === query) finding = '';
  if (found === null) return useKnown.setState({ unanswered: query });
  const names = new Map(Object.entries(found.names));
  useKnown.setState({ found: { query, at: serverNow(), after, names }, unanswered: '' });
}

/** What of `query` is looked for among names. */
const searchedFor = (query: string) => (mayBeName(query) ? query.trim() : '');

/** Whether it is known whose name fits `query`: who says "nobody" before that may be wrong. */
export function useFinding(query: string): 'known' | 'asked' | 'failed' {
  const searched = searchedFor(query);
  return useKnown(({ found, unanswered }) => {
    if (searched === '' || covers(found, searched)) return 'known';
    return unanswered === searched ? 'failed' : 'asked';
  });
}

/**
 * How customers are called, while somebody searches by that: the server is asked who of the open entries fits, in sight or not,
 * and whether their numbers are hidden from the viewer or not.
 */
export function useNamesFor(query: string): NameOf {
  const searched = searchedFor(query);
  const known = useKnown();
  const { found } = known;
  const now = useLive(arrived);
  const others = searched !== '' && covers(found, searched) && found.after !== now;
  useEffect(() => {
    const { found } = useKnown.getState();
    if (searched === '' || (covers(found, searched) && serverNow() - found.at < KEPT && !others)) return;
    const timer = setTimeout(() => void find(searched), others ? LATER : TYPED);
    return () => clearTimeout(timer);
  }, [searched, others]);
  return useMemo(() => {
    if (searched === '') return NOBODY;
    return entry => customerName(entry, known) ?? known.found.names.get(entry.id) ?? null;
  }, [searched, known]);
}
