/** Calls that were asked for at this page: its phone answers them by itself, since whoever pressed the button is there. */
const asked = new Set<string>();

/** This page has asked for the call. */
export function askedHere(call: string): void {
  asked.add(call);
}

/** Whether this page has asked for the call; the second question about it is answered with no. */
export function wasAskedHere(call: string): boolean {
  return asked.delete(call);
}
