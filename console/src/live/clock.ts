import { useSyncExternalStore } from 'react';
import { serverNow } from './store';

const hearers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function hear(one: () => void): () => void {
  hearers.add(one);
  timer ??= setInterval(() => hearers.forEach(each => each()), 1_000);
  return () => {
    hearers.delete(one);
    if (hearers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const second = () => Math.floor(serverNow() / 1_000) * 1_000;

/** The server's time in milliseconds, in whole seconds; whoever uses it is drawn again each second. */
export function useSecond(): number {
  return useSyncExternalStore(hear, second);
}

/** As {@link useSecond}, but of a coarser step, so that what shows minutes is not drawn sixty times for each. */
export function useStep(step: number): number {
  return useSyncExternalStore(hear, () => Math.floor(serverNow() / step) * step);
}
