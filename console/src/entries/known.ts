import { useEffect } from 'react';
import { create } from 'zustand';
import { api, need } from '@/api';
import { type Entry, serverNow, useStep } from '@/live';

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

const useKnown = create<{ names: ReadonlyMap<string, Known> }>(() => ({ names: new Map() }));

const wanted = new Set<string>();
let waiting: ReturnType<typeof setTimeout> | undefined;

async function ask(): Promise<void> {
  waiting = undefined;
  const entries = [...wanted].slice(0, MOST);
  entries.forEach(id => wanted.delete(id));
  if (wanted.size > 0) askSoon();
  const query = { entries: entries.join(',') };
  const found = await need(api.GET('/api/entries/names', { params: { query } })).catch(() => null);
  // Without an answer the numbers stand alone; whoever comes into sight next asks anew.
  if (found === null) return;
  const at = serverNow();
  const names = new Map([...useKnown.getState().names].filter(([, known]) => at - known.at < 10 * KEPT));
  entries.forEach(id => names.set(id, { name: found.names[id] ?? null, at }));
  useKnown.setState({ names });
}

function askSoon(): void {
  waiting ??= setTimeout(() => void ask(), TOGETHER);
}

/** The customer's name, where the contacts know it; nothing until the server has said so. */
export function useCustomerName({ id, number }: Entry): string | null {
  const known = useKnown(({ names }) => names.get(id));
  const now = useStep(KEPT);
  const old = known === undefined || known.at + KEPT < now;
  useEffect(() => {
    if (!number || !old) return;
    wanted.add(id);
    askSoon();
  }, [id, number, old]);
  return known?.name ?? null;
}
