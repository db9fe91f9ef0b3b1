import { type Agent, type Call, type OwnPhone, isDialling } from '@/live';
import { given } from './given';

/** What the agent's phone is doing, as the panel draws it. */
export type Situation =
  | { kind: 'idle' }
  /** It rings at the agent, here or at the desk. */
  | {
      kind: 'ringing';
      call: Call | null;
      leg: string | null;
      since: number | null;
      until: number | null;
      /** Unanswered, the agent's state becomes *no answer*. */
      outOfRotation: boolean;
    }
  /** The agent has answered or dialled, and whoever is called has not. */
  | { kind: 'calling'; call: Call | null; leg: string | null; ringsThere: boolean }
  | { kind: 'talking'; call: Call | null; leg: string | null }
  /** The phone of this page is connected with nobody: a star code, or the tone of a busy line after its call. */
  | { kind: 'line'; leg: string; busy: boolean }
  /** The call is over, and its note is not. */
  | { kind: 'wrap_up'; since: number; until: number | null };

/**
 * Reads the situation from the rows of the live line: the agent's own row, the phone in this browser, and the live calls. The
 * phone is believed first, since it knows of calls that hold no agent, such as one to a colleague.
 */
export function situationOf(
  agent: Agent | null,
  phone: OwnPhone | null,
  calls: ReadonlyMap<string, Call>,
): Situation {
  if (agent === null) return { kind: 'idle' };
  const legs = phone?.calls.filter(one => one.state !== 'busy') ?? [];
  const leg = legs.find(one => one.state === 'ringing') ?? legs[0] ?? null;
  const id = leg?.call ?? agent.call ?? null;
  const call = id === null ? null : (calls.get(id) ?? null);
  const rings = call === null ? undefined : ringsAt(call, agent.key);
  if (leg?.state === 'ringing' || (leg === null && agent.state === 'ringing')) {
    return {
      kind: 'ringing',
      call,
      leg: leg?.leg ?? null,
      since: rings?.since ?? (leg === null ? agent.since : null),
      until: rings?.until ?? null,
      outOfRotation: rings?.out_of_rotation ?? false,
    };
  }
  if (leg?.state === 'dialling' || leg?.state === 'ringing_there') {
    return { kind: 'calling', call, leg: leg.leg, ringsThere: leg.state === 'ringing_there' };
  }
  const talks = agent.state === 'talking' || agent.state === 'held';
  if (leg !== null && call === null && isFree(agent)) return { kind: 'line', leg: leg.leg, busy: false };
  if (leg !== null || talks) {
    // Our own leg stands, and whom we call has not answered.
    return isDialling(call)
      ? { kind: 'calling', call, leg: leg?.leg ?? null, ringsThere: call?.far_rings === true }
      : { kind: 'talking', call, leg: leg?.leg ?? null };
  }
  if (agent.state === 'reserved' && call !== null)
    return { kind: 'calling', call, leg: null, ringsThere: false };
  if (agent.state === 'wrap_up') {
    return { kind: 'wrap_up', since: agent.since, until: agent.wrap_up_until ?? null };
  }
  const tone = phone?.calls.find(one => one.state === 'busy');
  if (tone !== undefined) return { kind: 'line', leg: tone.leg, busy: true };
  return { kind: 'idle' };
}

/** No call holds the agent, and none is on its way to them. */
const isFree = ({ state, call }: Agent): boolean =>
  !given(call) && !['ringing', 'reserved', 'talking', 'held', 'wrap_up'].includes(state);

/** A consultation to which a colleague has called this agent; nothing where the agent is not the one who was called. */
export function askedOf(
  call: Call | null,
  agent: string | null | undefined,
): NonNullable<Call['consult']> | null {
  const consult = call?.consult;
  return given(consult) && given(agent) && consult.agent === agent && consult.by !== agent ? consult : null;
}

/** Whether this agent holds the other side, and may take it back. */
export function isHeldBy(call: Call | null, agent: string | null | undefined): boolean {
  return call?.held === true && (call.held_by ?? []).some(one => one.agent === agent);
}

/** The colleague who has this agent on hold, by name; nothing where nobody has. */
export function holderOf(call: Call | null, agent: string | null | undefined): string | null {
  if (call?.held !== true) return null;
  return (call.held_by ?? []).find(one => one.agent !== agent)?.name ?? null;
}

/** Since when it rings at an agent and until when it may: for the caller, or for a colleague who asks first. */
function ringsAt(call: Call, agent: string) {
  const { consult } = call;
  if (given(consult) && consult.agent === agent && !given(consult.answered))
    return { since: consult.since, until: consult.until, out_of_rotation: false };
  return call.ringing.find(one => one.agent === agent);
}

/** Whole seconds that are left of ringing, and the part of the whole time, 0 to 1; nothing where no end is known. */
export function countdown(since: number | null, until: number | null, now: number) {
  if (until === null) return null;
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000));
  const whole = since === null ? until - now : until - since;
  return { seconds, part: whole <= 0 ? 0 : Math.min(1, Math.max(0, (until - now) / whole)) };
}
