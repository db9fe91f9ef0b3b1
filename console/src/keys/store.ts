import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import { KEYS, type KeyName, holding, worksWhileTyping, written } from './keys';

const KEPT = 'nohold.keys';

function kept(): Partial<Record<KeyName, string>> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    if (typeof found !== 'object' || found === null) return {};
    const fits = ([name, keys]: [string, unknown]) => name in KEYS && typeof keys === 'string';
    return Object.fromEntries(Object.entries(found).filter(fits));
  } catch {
    return {};
  }
}

interface Keys {
  /** What was changed here. */
  changed: Partial<Record<KeyName, string>>;
}

export const useKeys = create<Keys>(() => ({ changed: kept() }));

function keep(changed: Keys['changed']): void {
  useKeys.setState({ changed });
  try {
    localStorage.setItem(KEPT, JSON.stringify(changed));
  } catch {
    // They hold for this visit.
  }
}

/** Gives something another key; the answer is what has that key already, and nothing changes then. */
export function changeKey(name: KeyName, keys: string): KeyName | null {
  const { changed } = useKeys.getState();
  const all = holding(changed);
  const taken = (Object.keys(all) as KeyName[]).find(other => other !== name && all[other] === keys);
  if (taken !== undefined) return taken;
  keep({ ...changed, [name]: keys });
  return null;
}

/** All keys as we have chosen them. */
export function resetKeys(): void {
  keep({});
}

/** Does it; false lets the key do what it would without us. */
type Do = (event: KeyboardEvent) => unknown;
const doing = new Map<KeyName, Set<{ do: Do }>>();

/** Does something when its key is pressed, as long as whoever uses this is on the page. */
export function useKey(name: KeyName, act: Do): void {
  const held = useRef({ do: act });
  useEffect(() => {
    held.current.do = act;
  });
  useEffect(() => {
    const own = held.current;
    const all = doing.get(name) ?? new Set();
    doing.set(name, all);
    all.add(own);
    return () => void all.delete(own);
  }, [name]);
}

function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox],[type=radio]), textarea, select'))
  );
}

/** Whether Enter and Space belong to what has the focus. */
function presses(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('button, a[href], [role=menuitem], [role=tab]') !== null
  );
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const keys = written(event);
  if (keys === null) return;
  if (types(event.target) && !worksWhileTyping(keys)) return;
  if ((keys === 'Enter' || keys === 'Space') && presses(event.target)) return;
  // A dialog keeps the keyboard for itself.
  if (document.querySelector('[role=dialog][aria-modal=true]') !== null) return;
  const all = holding(useKeys.getState().changed);
  for (const [name, own] of Object.entries(all) as [KeyName, string][]) {
    if (own !== keys) continue;
    const last = [...(doing.get(name) ?? [])].at(-1);
    if (last === undefined) continue;
    if (last.do(event) !== false) event.preventDefault();
    return;
  }
}

/** Listens from now on; the answer ends it. */
export function listenToKeys(): () => void {
  window.addEventListener('keydown', onKeyDown);
  return () => window.removeEventListener('keydown', onKeyDown);
}
