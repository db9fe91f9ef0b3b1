import { useLive } from './store';

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
