import type { components } from '@/api';
import type { AgentState } from '@/live';
import type { PastCall } from '@/past';

type Told = components['schemas']['Today'];

interface StateLength {
  state: AgentState;
  /** In milliseconds. */
  length: number;
}

/** A call of the day, in short. */
export type CallOfDay = Pick<
  PastCall,
  'call' | 'began' | 'direction' | 'end' | 'result' | 'ended_by' | 'number' | 'extension' | 'talked' | 'legs'
>;

/** The viewer's day as the server has added it up. */
export type Today = Omit<Told, 'states' | 'standing' | 'last'> & {
  states: StateLength[];
  standing: { state: AgentState; reason?: string | null; since: number };
  last: CallOfDay[];
};

export const known = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;

/** The day as it is now: the state of the moment has gone on since the server looked. */
export function grown(day: Today, now: number) {
  const { state, reason } = day.standing;
  const since = state === 'not_signed_in' ? 0 : Math.max(0, now - day.now);
  const has = day.states.some(one => one.state === state);
  const states = has || since === 0 ? day.states : [...day.states, { state, length: 0 }];
  return {
    signedIn: day.signed_in + since,
    states: states.map(one => (one.state === state ? { ...one, length: one.length + since } : one)),
    breaks: day.breaks.map(one =>
      state === 'break' && one.reason === (reason ?? '') ? { ...one, length: one.length + since } : one,
    ),
  };
}
