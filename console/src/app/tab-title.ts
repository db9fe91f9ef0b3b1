import { useEffect } from 'react';
import { isMineToDo, useNameOfNumber } from '@/entries';
import { phoneNumber, timer, useTranslation } from '@/i18n';
import {
  type Agent,
  type AgentState,
  type Call,
  agentName,
  isDialling,
  serverNow,
  talksSince,
  useCaller,
  useLive,
  useMyAgent,
  useSecond,
  useStep,
} from '@/live';
import { usePage } from '@/ui';

const IN_CALL: readonly AgentState[] = ['ringing', 'talking', 'held'];

/** How often it is looked whether something has become due, in milliseconds. */
const STEP = 5_000;

/** How much this agent should still do; the rail and the title of the tab say the same. */
export function useToDo(): number {
  // To the end of the step: what was asked for just now counts at once.
  const now = useStep(STEP) + STEP;
  return useLive(live => {
    const me = live.me?.agent ?? null;
    let count = 0;
    for (const entry of live.entries.values()) if (isMineToDo(entry, me, now)) count += 1;
    return count;
  });
}

/** A call in few words: how long already, and with whom. */
export function callTitle(
  agent: Agent,
  call: Call | null,
  name: string | null,
  now: number,
  dialling: string,
): string {
  const number = call?.dialled ?? call?.number;
  const other = call?.agents.find(one => one !== agent.key);
  const who = name ?? (number ? phoneNumber(number) : other === undefined ? '' : agentName(other));
  const state = isDialling(call) ? dialling : timer(now - talksSince(agent, call));
  return `● ${state} ${who}`.trim();
}

/** The title of the tab: the call in hand with its time, else what is to be done, and the page. */
export function useTabTitle(): void {
  const { title } = usePage();
  const agent = useMyAgent();
  const todo = useToDo();
  const { t } = useTranslation();
  const inHand = useLive(live => (agent?.call ? (live.calls.get(agent.call) ?? null) : null));
  useSecond();
  // Where no panel is there to find the name, as on a telephone, the contacts are asked.
  const found = useCaller(known => (known.call === agent?.call ? known : null));
  const contact = useNameOfNumber(found === null ? (inHand?.dialled ?? inHand?.number) : null);
  const name = found?.name ?? contact;
  const busy = agent !== null && IN_CALL.includes(agent.state);
  const call = busy ? callTitle(agent, inHand, name, serverNow(), t('call.dialling')) : null;
  const words = call ?? `${todo > 0 ? `(${todo}) ` : ''}${title === '' ? 'Nohold' : `${title} · Nohold`}`;
  useEffect(() => {
    document.title = words;
  }, [words]);
}
