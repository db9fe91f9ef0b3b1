import type { Call, Queue } from './rows';
import { useLive } from './store';

/** Which of those who wait a caller is, and of how many; nothing once they have left the line. */
export function placeOf(
  call: Pick<Call, 'id' | 'queue'> | null,
  queues: ReadonlyMap<string, Queue>,
): string | null {
  const queue = queues.get(call?.queue ?? '');
  const at = queue?.callers.findIndex(one => one.call === call?.id) ?? -1;
  return queue === undefined || at < 0 ? null : `${at + 1} / ${queue.length}`;
}

/** As {@link placeOf}, as it changes. */
export function usePlaceInLine(call: Call | null): string | null {
  return useLive(live => placeOf(call, live.queues));
}

/** The name of an agent, else the key; of somebody who is no agent, the name of their account. */
export function agentName(key: string): string {
  const agent = useLive.getState().agents.get(key);
  return agent?.name ?? (key.startsWith('user-') ? key.slice('user-'.length) : key);
}

/** As {@link agentName}, and drawn again when it changes. */
export function useAgentName(key: string | null): string {
  return useLive(live => {
    if (key === null) return '';
    return live.agents.get(key)?.name ?? (key.startsWith('user-') ? key.slice('user-'.length) : key);
  });
}

/** The viewer's own agent, where they are one. */
export function useMyAgent() {
  return useLive(live => (live.me?.agent ? (live.agents.get(live.me.agent) ?? null) : null));
}
