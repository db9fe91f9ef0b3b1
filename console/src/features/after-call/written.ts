import { useLive } from '@/live';
import { NOTHING_WRITTEN, type Written, isAhead, useDrafts } from './drafts';

/** What stands in the form of a call: what was typed here where the server does not have it yet, else what the server has. */
export function writtenOf(
  draft: Parameters<typeof isAhead>[0],
  row: { written: Written } | undefined,
): Written {
  if (draft !== undefined && isAhead(draft)) return draft.written;
  return row?.written ?? draft?.written ?? NOTHING_WRITTEN;
}

export function useWritten(call: string): Written {
  const row = useLive(live => live.notes.get(call));
  const draft = useDrafts(state => state.drafts.get(call));
  return writtenOf(draft, row);
}
