import { readText } from '@/address';
import { REASONS, type Reason } from '@/entries';

/** The parts of the list: what is open, and what closed by which reason. */
export const TABS = ['open', 'done', 'unreachable', 'other'] as const;
export type Tab = (typeof TABS)[number];

/** What is chosen on the list; it stands in the address, so that it can be kept and sent. */
export interface Search {
  tab?: Tab;
  /** A name or a part of a number. */
  q?: string;
  /** `mine` for the viewer's own groups, `all` for all that may be seen; by the role where nothing is said. */
  groups?: 'mine' | 'all';
  /** A service or campaign, by its key. */
  service?: string;
  reason?: Reason;
  /** An agent by key, `me` or `nobody`. */
  claimed?: string;
  /** Also those behind which only short abandons stand. */
  short?: boolean;
}

const text = (value: unknown) => readText(value, 64);

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find(one => one === value);

/** Reads an address; what cannot be meant is left out. */
export function readSearch(raw: Record<string, unknown>): Search {
  const search: Search = {
    tab: oneOf(TABS, raw.tab),
    q: text(raw.q),
    groups: oneOf(['mine', 'all'] as const, raw.groups),
    service: text(raw.service),
    reason: oneOf(REASONS, raw.reason),
    claimed: text(raw.claimed),
    short: raw.short === true || raw.short === 1 ? true : undefined,
  };
  if (search.tab === 'open') search.tab = undefined;
  // What is left out has to be said: else the router hands on what stands in the address.
  return search;
}
