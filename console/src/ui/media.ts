import { useSyncExternalStore } from 'react';

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
