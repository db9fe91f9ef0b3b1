import type { Entry, Section } from './rows';

/** Messages and missed calls stand under heads of their own; the server mixes them by their time alone. */
const PART: Record<Section, number> = { requests: 0, cut_off: 1, messages: 2, missed: 3 };

/**
 * The order in which the list should be worked on, as the server has it: requests by priority and due time, then people
 * whom we cut off, then the rest with the latest first.
 */
export function compare(one: Entry, other: Entry): number {
  return (
    PART[one.section] - PART[other.section] ||
    other.priority - one.priority ||
    dueOf(one) - dueOf(other) ||
    promiseOf(one) - promiseOf(other) ||
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
