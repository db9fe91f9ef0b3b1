import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import { api, need } from '@/api';
import { type Entry, isOpen, serverNow, useLive, useStep } from '@/live';

/** A name is asked for anew after this, in milliseconds: somebody may have written it down meanwhile. */
const KEPT = 60_000;

/** Rows that come into sight together are asked for together, after this, in milliseconds. */
const TOGETHER = 60;

/** So many are named at a time. */
const MOST = 100;

interface Known {
  name: string | null;
  /** When it was asked for. */
  at: number;
}

type Names = ReadonlyMap<string, Known>;

interface Store {
  /** By open entry: so have those a name whom the number is hidden from. */
  entries: Names;
  /** By number, for what is no open entry. */
  numbers: Names;
}

const useKnown = create<Store>(() => ({ entries: new Map(), numbers: new Map() }));

/** What is to be asked for still, and whether somebody does. */
const wanted = { entries: new Set<string>(), numbers: new Set<string>() };
const asks = { entries: false, numbers: false };

/** Adds what was found; what nobody has looked at for long is forgotten. */
function keep(old: Names, found: Iterable<[string, string | null]>): Names {
  const at = serverNow();
  const names = new Map([...old].filter(([, known]) => at - known.at < 10 * KEPT));
  for (const [of, name] of found) names.set(of, { name, at });
  return names;
}

function take(from: Set<string>, most: number): string[] {
  const taken = [...from].slice(0, most);
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

async function askOfNumber(number: string): Promise<void> {
  const query = { q: number, limit: 10 };
  const found = await need(api.GET('/api/contacts', { params: { query } })).catch(() => null);
  if (found === null) return;
  const contact = found.items.find(one => one.numbers.includes(number));
  useKnown.setState(({ numbers }) => ({ numbers: keep(numbers, [[number, contact?.name ?? null]]) }));
}

/** One question after the other, so that a long list is no burden. */
async function askAll(what: keyof typeof wanted): Promise<void> {
  if (asks[what]) return;
  asks[what] = true;
  await new Promise(resolve => setTimeout(resolve, TOGETHER));
  while (wanted[what].size > 0) {
    if (what === 'entries') await askOfEntries(take(wanted.entries, MOST));
    else for (const number of take(wanted.numbers, 1)) await askOfNumber(number);
  }
  asks[what] = false;
}

function want(what: keyof typeof wanted, all: Iterable<string>): void {
  for (const one of all) wanted[what].add(one);
  if (wanted[what].size > 0) void askAll(what);
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
  const open = entry !== undefined && isOpen(entry);
  const at = useKnown(known => (open ? known.entries.get(id)?.at : undefined));
  const now = useStep(KEPT);
  const old = at === undefined || at + KEPT < now;
  useEffect(() => {
    if (open && number && old) want('entries', [id]);
  }, [open, id, number, old]);
  useNameOfNumber(open ? null : number);
  return name;
}

/** The name of whom a number belongs to, where the contacts know it and the number is not hidden from the viewer. */
export function useNameOfNumber(number: string | null | undefined): string | null {
  const known = useKnown(({ numbers }) => (number ? numbers.get(number) : undefined));
  const now = useStep(KEPT);
  // Calls that are over are looked at, not worked on: their names are asked for less often.
  const old = known === undefined || known.at + 5 * KEPT < now;
  useEffect(() => {
    if (isWhole(number) && old) want('numbers', [number]);
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

/** How customers are called, while somebody searches by that: then all that are open are asked for, in sight or not. */
export function useNamesFor(query: string): NameOf {
  const searches = mayBeName(query);
  const known = useKnown();
  const all = useLive(live => live.entries);
  useEffect(() => {
    if (!searches) return;
    const { entries } = useKnown.getState();
    const unknown = [...all.values()].filter(entry => entry.number && !entries.has(entry.id));
    want(
      'entries',
      unknown.map(entry => entry.id),
    );
  }, [searches, all]);
  return useMemo(() => (searches ? entry => customerName(entry, known) : NOBODY), [searches, known]);
}
