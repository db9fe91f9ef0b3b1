import type { Entry, Section } from './rows';

/** Messages and missed calls stand under heads of their own; the server mixes them by their time alone. */
const PART: Record<Section, number> = { requests: 0, cut_off: 1, messages: 2, missed: 3 };

/**
 * The order in which the list should be worked on: requests by priority and the end of their promise, then people whom we cut
 * off, then messages and missed calls with the latest first. The server's pages go by the moment from which on a request may be
 * called, which says less to whoever reads a list: what is most overdue would stand below what was merely asked earlier.
 */
export function compare(one: Entry, other: Entry): number {
  return (
    PART[one.section] - PART[other.section] ||
    other.priority - one.priority ||
    promiseOf(one) - promiseOf(other) ||
    dueOf(one) - dueOf(other) ||
    other.last - one.last ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  );
}

function dueOf(entry: Entry): number {
  return entry.request ? entry.due : Number.MAX_SAFE_INTEGER;
}

function promiseOf(entry: Entry): number {
  return entry.request ? entry.request.promise.to : Number.MAX_SAFE_INTEGER;
}
