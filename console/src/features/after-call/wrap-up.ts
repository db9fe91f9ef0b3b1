import { api, need, once, given } from '@/api';
import { type Agent, useLive } from '@/live';
import { refusedWords, say } from '@/notices';

/** Takes, lengthens or ends the wrap-up; the answer is whether that was done. */
export async function changeWrapUp(
  action: 'take_wrap_up' | 'end_wrap_up' | 'stay_in_wrap_up',
): Promise<boolean> {
  try {
    const body = { action };
    const agent = (await need(api.POST('/api/me/agent', { params: { header: once() }, body }))) as Agent;
    useLive.setState(live => {
      const known = live.agents.get(agent.key);
      return known && known.version >= agent.version
        ? live
        : { agents: new Map(live.agents).set(agent.key, agent) };
    });
    return true;
  } catch (thrown) {
    say({
      id: 'state',
      kind: 'refused',
      title: t => t('stateMenu.failed', { words: refusedWords(thrown) }),
    });
    return false;
  }
}

/** How a wrap-up stands. Times are lengths in milliseconds. */
export type Left =
  /** It ends by itself. */
  | { kind: 'runs'; left: number; whole: number; part: number }
  /** It ends with the save, and should be over by then. */
  | { kind: 'waits'; left: number }
  /** It ends with the save, and should be over. */
  | { kind: 'over'; late: number };

/** How a wrap-up stands at this moment; nothing where the agent is in none. */
export function leftOf(
  agent: Pick<Agent, 'state' | 'since' | 'wrap_up_until' | 'must_write'> | null,
  now: number,
): Left | null {
  if (agent === null || agent.state !== 'wrap_up' || !given(agent.wrap_up_until)) return null;
  const left = agent.wrap_up_until - now;
  if (agent.must_write) return left > 0 ? { kind: 'waits', left } : { kind: 'over', late: -left };
  const whole = agent.wrap_up_until - agent.since;
  return {
    kind: 'runs',
    left: Math.max(0, left),
    whole,
    part: whole <= 0 ? 0 : Math.min(1, Math.max(0, left / whole)),
  };
}
