import { create } from 'zustand';
import type { Becomes } from './save';

/** What was chosen to become of the entry of each call, for as long as the page is open. */
const useChosen = create<{ chosen: ReadonlyMap<string, Becomes> }>(() => ({ chosen: new Map() }));

export function becomesOf(call: string): Becomes {
  return useChosen.getState().chosen.get(call) ?? 'done';
}

export function useBecomes(call: string): [Becomes, (becomes: Becomes) => void] {
  const becomes = useChosen(({ chosen }) => chosen.get(call) ?? 'done');
  return [becomes, next => useChosen.setState(({ chosen }) => ({ chosen: new Map(chosen).set(call, next) }))];
}
