import { type NameOf, isOverdue, mayBeName, reasonOf, whyOf } from '@/entries';
import {
  type Agent,
  type Desk,
  type Entry,
  type Me,
  SECTIONS,
  type Section,
  compare,
  holder,
  isOpen,
} from '@/live';
import type { Search } from './search';

/** What filtering needs to know beside the entries. */
export interface Around {
  me: Me | null;
  /** The viewer's own agent. */
  agent: Agent | null;
  desk: Desk | null;
  now: number;
  /** How the customers are called. */
  nameOf: NameOf;
}

/** The groups that should work on an entry. */
export function groupsOf(entry: Entry, desk: Desk | null): readonly string[] {
  const { target } = entry;
  if (target.group) return [target.group];
  const of = (things: readonly { key: string; groups: string[] }[] | undefined, key: string) =>
    things?.find(thing => thing.key === key)?.groups ?? [];
  if (target.service) return of(desk?.services, target.service);
  if (target.campaign) return of(desk?.campaigns, target.campaign);
  return target.queue ? of(desk?.queues, target.queue) : [];
}

/** The service or campaign of an entry, by its key. */
export function businessOf(entry: Entry, desk: Desk | null): string | null {
  const { target } = entry;
  return (
    target.service ??
    target.campaign ??
    desk?.queues.find(queue => queue.key === target.queue)?.service ??
    null
  );
}

/** Whether only the viewer's groups are shown where the address does not say: agents work for theirs. */
export function onlyMine(search: Search, me: Me | null): boolean {
  return (search.groups ?? (me?.role === 'agent' ? 'mine' : 'all')) === 'mine';
}

/** The groups that somebody calls theirs: those they work in, and those they look after. */
export function myGroups({ me, agent }: Pick<Around, 'me' | 'agent'>): ReadonlySet<string> {
  return new Set([...(agent?.groups ?? []), ...(me?.groups ?? [])]);
}

const digits = (textual: string) => textual.replaceAll(/\D/g, '');

function matches(entry: Entry, typed: string, nameOf: NameOf): boolean {
  const query = typed.normalize('NFKC');
  // Who writes words, too, means no number.
  const wanted = mayBeName(query) ? '' : digits(query);
  const number = entry.number ?? '';
  if (
    wanted !== '' &&
    (digits(number).includes(wanted) || digits(number).includes(wanted.replace(/^0+/, '') || wanted))
  ) {
    return true;
  }
  return `${nameOf(entry) ?? ''} ${number} ${entry.note}`.toLowerCase().includes(query.trim().toLowerCase());
}

/** A function that says whether an open entry is shown. */
export function fits(search: Search, around: Around): (entry: Entry) => boolean {
  const { me, desk, now } = around;
  const mine = onlyMine(search, me);
  const own = myGroups(around);
  const agent = me?.agent ?? null;
  const forMe = (entry: Entry) =>
    groupsOf(entry, desk).some(group => own.has(group)) ||
    (agent !== null && (entry.assigned === agent || holder(entry) === agent)) ||
    // Whose groups are not known yet is shown rather than hidden.
    desk === null ||
    own.size === 0;
  const claimed = search.claimed === 'me' ? agent : search.claimed;
  return entry =>
    isOpen(entry) &&
    (!mine || forMe(entry)) &&
    (search.service === undefined || businessOf(entry, desk) === search.service) &&
    (search.reason === undefined || reasonOf(whyOf(entry, now)) === search.reason) &&
    (search.claimed === undefined || (holder(entry) ?? 'nobody') === claimed) &&
    (search.q === undefined || matches(entry, search.q, around.nameOf));
}

/** What is shown: the entries in order, and how many short abandons are hidden. */
export interface Found {
  entries: Entry[];
  hidden: number;
}

/** Finds and sorts. Short abandons are hidden unless they are asked for, or looked for. */
export function find(all: Iterable<Entry>, search: Search, around: Around): Found {
  const fit = fits(search, around);
  const entries: Entry[] = [];
  let hidden = 0;
  for (const entry of all) {
    if (!fit(entry)) continue;
    if (entry.short && !search.short && search.q === undefined) hidden += 1;
    else entries.push(entry);
  }
  return { entries: entries.sort(compare), hidden };
}

/** How many stand in each section, and how many of those are overdue. */
export type Counts = Record<Section, { all: number; overdue: number }>;

export function count(entries: readonly Entry[], now: number): Counts {
  const counts = Object.fromEntries(SECTIONS.map(section => [section, { all: 0, overdue: 0 }])) as Counts;
  for (const entry of entries) {
    const section = counts[entry.section];
    section.all += 1;
    if (isOverdue(entry, now)) section.overdue += 1;
  }
  return counts;
}
