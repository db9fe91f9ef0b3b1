import { create } from 'zustand';
import { useLive } from '@/live';
import { arrangedIn } from './follow-up';
import { BECOMES, type Becomes, entryToClose } from './save';

/** What was chosen to become of the entry of each call, for as long as the page is open. */
const useChosen = create<{ chosen: ReadonlyMap<string, Becomes> }>(() => ({ chosen: new Map() }));

/** Whether the entry that was called back in this call stays for a time that was agreed upon in it. */
function isAgreed(
  { notes, entries }: Pick<ReturnType<typeof useLive.getState>, 'notes' | 'entries'>,
  call: string,
): boolean {
  const entry = entryToClose(notes.get(call), entries);
  return entry !== null && arrangedIn({ entries }, call)?.id === entry.id;
}

/** What has a time that was agreed upon is not done: it stays, unless somebody says that nobody shall call. */
function fits(chosen: Becomes | undefined, agreed: boolean): Becomes {
  if (!agreed) return chosen ?? 'done';
  return chosen === 'cancelled' || chosen === 'refused' ? chosen : 'keep';
}

/** What may become of the entry of a call. */
function mayBecome(agreed: boolean): readonly Becomes[] {
  return agreed ? ['keep', 'cancelled', 'refused'] : BECOMES;
}

export function becomesOf(call: string): Becomes {
  return fits(useChosen.getState().chosen.get(call), isAgreed(useLive.getState(), call));
}

export function useBecomes(call: string): [Becomes, (becomes: Becomes) => void, readonly Becomes[]] {
  const agreed = useLive(live => isAgreed(live, call));
  const becomes = fits(
    useChosen(({ chosen }) => chosen.get(call)),
    agreed,
  );
  const choose = (next: Becomes) =>
    useChosen.setState(({ chosen }) => ({ chosen: new Map(chosen).set(call, next) }));
  return [becomes, choose, mayBecome(agreed)];
}
