import { given } from '@/api';
import type { Agent, Call } from './rows';

/** Whom we call has not answered, although the call holds the agent already. */
export function isDialling(call: Call | null | undefined): boolean {
  return given(call) && !given(call.connected) && (given(call.entry) || given(call.dialled));
}

/** Since when an agent talks or holds: while somebody is dialled nobody talks yet. */
export function talksSince(agent: Agent, call: Call | null | undefined): number {
  return Math.max(agent.since, call?.connected ?? 0);
}
