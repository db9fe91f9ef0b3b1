/** What was pressed at this page: what follows from it needs no words. */
const ended = new Set<string>();
const taken = new Set<string>();

const KEPT = 'nohold.sent';

/** I have hung up, or declined. */
export const endedByMe = (call: string) => void ended.add(call);
export const isEndedByMe = (call: string) => ended.has(call);

/** I have taken the customer back from a consultation, or handed them over; the answer to the second is said once. */
export const consultEndedByMe = (call: string) => void taken.add(call);

export function isConsultEndedByMe(call: string): boolean {
  return taken.delete(call);
}

function kept(): Record<string, string> {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

/** I have sent the call to somebody from whom it may come back. */
export function sentTo(call: string, who: string): void {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [call]: who }));
  } catch {
    // It comes back as any other call does, then.
  }
}

/** To whom I have sent a call; nothing where I have not. */
export const whoHadIt = (call: string): string | null => kept()[call] ?? null;
