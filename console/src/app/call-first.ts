import { callBack, nextOf } from '@/entries';
import { compare, isOpen, serverNow, useLive } from '@/live';

/** Calls back the first that is free of all that this viewer sees; false where there is none. */
export function callFirstOfAll(): boolean {
  const { me, entries } = useLive.getState();
  const inOrder = [...entries.values()].filter(isOpen).sort(compare);
  const first = nextOf(inOrder, me?.agent ?? null, serverNow());
  if (first === undefined) return false;
  void callBack(first);
  return true;
}
