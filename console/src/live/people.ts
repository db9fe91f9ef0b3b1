import { type Desk, useNames } from './names';
import type { Agent, Call, Queue } from './rows';
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

/** What the history calls users by who are no agents, before the name of their account. */
const USER = 'user-';

function nameOf(key: string, agents: ReadonlyMap<string, Agent>, desk: Desk | null): string {
  // Those of other groups are not on the live line, and everybody knows their names.
  const name = agents.get(key)?.name ?? desk?.colleagues.find(one => one.key === key)?.name;
  return name ?? (key.startsWith(USER) ? key.slice(USER.length) : key);
}

/** The name of an agent, else the key; of somebody who is no agent, the name of their account. */
export function agentName(key: string): string {
  return nameOf(key, useLive.getState().agents, useNames.getState().desk);
}

/** As {@link agentName}, and drawn again when it changes. */
export function useAgentName(key: string | null): string {
  const desk = useNames(names => names.desk);
  return useLive(live => (key === null ? '' : nameOf(key, live.agents, desk)));
}

/** A phone of the house: whose it is or how it is called, and the number by which it is called inside. */
export function phoneOf(extension: string): { name: string | null; number: string } {
  const desk = useNames.getState().desk;
  const agent = desk?.colleagues.find(one => one.extension === extension);
  const phone = agent ?? desk?.phones.find(one => one.key === extension);
  return { name: phone?.name ?? null, number: phone?.number ?? extension };
}

/** Whom a number of the house calls; nothing where that is nobody whom one knows. */
export function whoseNumber(number: string): string | null {
  const desk = useNames.getState().desk;
  const all = [...(desk?.colleagues ?? []), ...(desk?.phones ?? [])];
  return all.find(one => one.number === number)?.name ?? null;
}

/** The number by which an agent is called inside. */
export function insideNumber(agent: string): string | null {
  const known = useNames.getState().desk?.colleagues.find(one => one.key === agent);
  return known?.number ?? useLive.getState().agents.get(agent)?.number ?? null;
}

/** The viewer's own agent, where they are one. */
export function useMyAgent() {
  return useLive(live => (live.me?.agent ? (live.agents.get(live.me.agent) ?? null) : null));
}
