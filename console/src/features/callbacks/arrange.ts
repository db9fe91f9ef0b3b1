import type { Entry, Section } from '@/live';

/** A line of the list: the head of a section, or an entry. */
export type Item =
  | { kind: 'head'; section: Section }
  /** `gone` is one that left the list while somebody had it under the hand. */
  | { kind: 'row'; entry: Entry; section: Section; gone: boolean };

export function idOf(item: Item): string {
  return item.kind === 'head' ? `head-${item.section}` : item.entry.id;
}

interface Placed {
  entry: Entry;
  section: Section;
  gone: boolean;
}

/** The rows of a list that is already there. */
function rowsOf(items: readonly Item[]): Placed[] {
  return items.flatMap(item => (item.kind === 'row' ? [item] : []));
}

/**
 * Puts heads between sections. The row that somebody holds, by pointer or focus, stays between its neighbours even where it
 * belongs somewhere else now or has gone: the list changes around it, never at it.
 */
export function arrange(
  entries: readonly Entry[],
  before: readonly Item[] = [],
  held: string | null = null,
): Item[] {
  let rows: Placed[] = entries.map(entry => ({ entry, section: entry.section, gone: false }));
  const old = held === null ? [] : rowsOf(before);
  const at = old.findIndex(row => row.entry.id === held);
  const kept = old[at];
  if (kept !== undefined) rows = withHeld(rows, old, at, kept);
  const items: Item[] = [];
  let section: Section | null = null;
  for (const row of rows) {
    if (row.section !== section) {
      section = row.section;
      items.push({ kind: 'head', section });
    }
    items.push({ kind: 'row', ...row });
  }
  return items;
}

function withHeld(rows: Placed[], old: Placed[], at: number, kept: Placed): Placed[] {
  const now = rows.find(row => row.entry.id === kept.entry.id);
  const others = rows.filter(row => row.entry.id !== kept.entry.id);
  const place = new Map(others.map((row, index) => [row.entry.id, index]));
  const held: Placed = { entry: now?.entry ?? kept.entry, section: kept.section, gone: now === undefined };
  const neighbour = (row: Placed) => row.section === kept.section && place.has(row.entry.id);
  const above = old.slice(0, at).findLast(neighbour);
  const below = old.slice(at + 1).find(neighbour);
  let index: number;
  if (above !== undefined) index = (place.get(above.entry.id) ?? -1) + 1;
  else if (below !== undefined) index = place.get(below.entry.id) ?? 0;
  else {
    // Nobody is left of its section as it was: it stands before the sections below it.
    const order: Section[] = ['requests', 'cut_off', 'messages', 'missed'];
    const later = others.findIndex(row => order.indexOf(row.section) > order.indexOf(kept.section));
    index = later === -1 ? others.length : later;
  }
  return [...others.slice(0, index), held, ...others.slice(index)];
}
