import { create } from 'zustand';
import { type Call, useLive } from '@/live';
import { given } from './given';

/** A call of this agent, as the page has seen it. */
export interface Recent {
  id: string;
  number: string;
  at: number;
  /** We have dialled. */
  out: boolean;
}

const MOST = 10;

/** The agent's last calls since the page was opened, the latest first. They are in no storage of the browser. */
export const useRecent = create<{ calls: readonly Recent[] }>(() => ({ calls: [] }));

/** The last calls with this one. */
export function withCall(calls: readonly Recent[], call: Call): readonly Recent[] {
  const number = call.dialled ?? call.number ?? null;
  if (number === null) return calls;
  const out = given(call.dialled) || given(call.entry);
  const one = { id: call.id, number, at: call.began, out };
  return [one, ...calls.filter(other => other.id !== call.id)].slice(0, MOST);
}

/** Keeps the own calls as they come; the answer ends it, and forgets them. */
export function beginRecent(): () => void {
  const end = useLive.subscribe((live, before) => {
    const me = live.me?.agent;
    if (!given(me) || live.calls === before.calls) return;
    const known = useRecent.getState().calls;
    for (const call of live.calls.values()) {
      if (!call.agents.includes(me) || known.some(one => one.id === call.id)) continue;
      useRecent.setState(({ calls }) => ({ calls: withCall(calls, call) }));
    }
  });
  return () => {
    end();
    useRecent.setState({ calls: [] });
  };
}
