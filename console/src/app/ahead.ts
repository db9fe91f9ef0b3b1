import { bringPlaces } from '@/features/call/place';

/** So long after the frame stands, in milliseconds, the list is there and quiet. */
const QUIET = 5_000;

/**
 * Brings what the first visit does not show and what must not be late: the page of a customer, the note of a call, and the form
 * for a session that has ended. What cannot be had now is asked for again when it is needed.
 */
function bring(): void {
  const all = [
    bringPlaces(),
    import('./customer'),
    import('@/features/after-call/note'),
    import('@/features/sign-in/ended'),
  ];
  for (const one of all) one.catch(() => {});
}

/** Brings it once the page is quiet; at once where a call is in hand already. */
export function bringAhead(inCall: boolean): () => void {
  if (inCall) {
    bring();
    return () => {};
  }
  const timer = setTimeout(bring, QUIET);
  return () => clearTimeout(timer);
}
