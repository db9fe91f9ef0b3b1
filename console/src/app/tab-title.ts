import { useEffect } from 'react';
import { isMineToDo } from '@/entries';
import { phoneNumber, timer } from '@/i18n';
import { type AgentState, serverNow, useLive, useMyAgent, useSecond, useStep } from '@/live';
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

/** The title of the tab: the call in hand with its time, else what is to be done, and the page. */
export function useTabTitle(): void {
  const { title } = usePage();
  const agent = useMyAgent();
  const todo = useToDo();
  const number = useLive(live => (agent?.call ? (live.calls.get(agent.call)?.number ?? null) : null));
  useSecond();
  const busy = agent !== null && IN_CALL.includes(agent.state);
  const call = busy
    ? `● ${timer(serverNow() - agent.since)} ${number ? phoneNumber(number) : ''}`.trim()
    : null;
  const words = call ?? `${todo > 0 ? `(${todo}) ` : ''}${title === '' ? 'Nohold' : `${title} · Nohold`}`;
  useEffect(() => {
    document.title = words;
  }, [words]);
}
