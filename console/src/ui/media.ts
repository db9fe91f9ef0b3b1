import { type RefCallback, createContext, use, useCallback, useState, useSyncExternalStore } from 'react';

/** What of the layout gives way, by the width of the page. */
export type Width = 'wide' | 'tablet' | 'phone';

const PHONE = '(max-width: 600px)';
const TABLET = '(max-width: 1000px)';

function hear(one: () => void): () => void {
  const queries = [PHONE, TABLET].map(query => window.matchMedia(query));
  queries.forEach(query => query.addEventListener('change', one));
  return () => queries.forEach(query => query.removeEventListener('change', one));
}

function width(): Width {
  if (window.matchMedia(PHONE).matches) return 'phone';
  return window.matchMedia(TABLET).matches ? 'tablet' : 'wide';
}

/** How much room there is. */
export function useWidth(): Width {
  return useSyncExternalStore(hear, width);
}

/** A part of the page that is no wider than this, in pixels, is laid out as a phone's: rows of several lines. */
const NARROW = 540;

/** How much room the part of the page has in which something stands: a panel beside it takes some away. */
export const Room = createContext<Width>('wide');

/** The room of the part of the page that is marked with this; for the context. */
export function useRoomOf(): [RefCallback<HTMLElement>, Width] {
  const page = useWidth();
  const [narrow, setNarrow] = useState(page === 'phone');
  const ref = useCallback((element: HTMLElement | null) => {
    if (element === null) return;
    const look = () => setNarrow(element.clientWidth <= NARROW);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  if (narrow) return [ref, 'phone'];
  return [ref, page === 'phone' ? 'tablet' : page];
}

/** How much room there is here. */
export const useRoom = (): Width => use(Room);
