import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { type Item, arrange, idOf } from './arrange';
import type { Entry } from '@/live';

/** The row that somebody has under the hand: the pointer goes before the focus. */
export function useHeld(scroller: RefObject<HTMLElement | null>): string | null {
  const [pointed, setPointed] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  useEffect(() => {
    const list = scroller.current;
    if (list === null) return;
    const rowOf = (target: EventTarget | null) =>
      target instanceof Element ? (target.closest<HTMLElement>('[data-row]')?.dataset.row ?? null) : null;
    const over = (event: PointerEvent) => event.pointerType === 'mouse' && setPointed(rowOf(event.target));
    const out = () => setPointed(null);
    const focus = (event: FocusEvent) => setFocused(rowOf(event.target));
    const blur = (event: FocusEvent) => setFocused(rowOf(event.relatedTarget));
    list.addEventListener('pointerover', over);
    list.addEventListener('pointerleave', out);
    list.addEventListener('focusin', focus);
    list.addEventListener('focusout', blur);
    return () => {
      list.removeEventListener('pointerover', over);
      list.removeEventListener('pointerleave', out);
      list.removeEventListener('focusin', focus);
      list.removeEventListener('focusout', blur);
    };
  }, [scroller]);
  return pointed ?? focused;
}

/** Keeps what was arranged last, so that the held row stays between its neighbours. */
export function useArranged(entries: readonly Entry[], held: string | null): Item[] {
  const [kept, setKept] = useState<{ entries: readonly Entry[]; held: string | null; items: Item[] }>(() => ({
    entries,
    held,
    items: arrange(entries),
  }));
  if (kept.entries === entries && kept.held === held) return kept.items;
  // The hand moved, and nothing else: what is in its place stays there.
  const same = kept.entries === entries && (held === null ? !kept.items.some(isGone) : true);
  const items =
    same && held !== null && !isMoved(kept.items) ? kept.items : arrange(entries, kept.items, held);
  setKept({ entries, held, items });
  return items;
}

const isGone = (item: Item) => item.kind === 'row' && item.gone;

/** Whether a row stands where it does only because it was held. */
const isMoved = (items: Item[]) =>
  items.some(item => item.kind === 'row' && (item.gone || item.section !== item.entry.section));

/** Room above and below the rows, in pixels, that keeps the held row in its place where the list cannot scroll so far. */
export interface Room {
  above: number;
  height: number;
}

const NO_ROOM: Room = { above: 0, height: 0 };

/**
 * Keeps the held row where it is on the screen while rows come and go around it: by scrolling, and where that does not
 * suffice, by room above or below. The room goes when nobody holds a row any more.
 */
export function useSteady(
  scroller: RefObject<HTMLElement | null>,
  items: readonly Item[],
  offsetOf: (index: number) => number,
  held: string | null,
): Room {
  const [room, setRoom] = useState<Room>(NO_ROOM);
  const last = useRef({ items, offset: null as number | null });
  const find = useCallback(
    (id: string | null) => (id === null ? -1 : items.findIndex(item => idOf(item) === id)),
    [items],
  );
  useLayoutEffect(() => {
    const list = scroller.current;
    if (list === null) return;
    const index = find(held);
    const offset = index === -1 ? null : offsetOf(index);
    const before = last.current;
    last.current = { items, offset };
    if (offset === null) {
      // What is corrected before it is painted has to be known here.
      // eslint-disable-next-line react-hooks/set-state-in-effect
      setRoom(now => (now === NO_ROOM ? now : NO_ROOM));
      return;
    }
    if (before.items === items || before.offset === null) return;
    const moved = offset - before.offset;
    if (moved === 0) return;
    const wanted = list.scrollTop + moved;
    setRoom(now => {
      const above = Math.max(0, now.above - wanted);
      return { above, height: Math.max(0, wanted) + list.clientHeight };
    });
    requestAnimationFrame(() => {
      list.scrollTop = Math.max(0, wanted);
    });
  }, [scroller, items, offsetOf, held, find]);
  return room;
}
