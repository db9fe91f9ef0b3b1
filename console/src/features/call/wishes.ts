import { type components, api, need, once } from '@/api';
import type { Call } from '@/live';
import { wish } from '@/phone';
import { consultEndedByMe, endedByMe, isConsultEndedByMe } from './by-me';

export type Target = components['schemas']['TargetFound'];
type Handing = components['schemas']['HandingGiven'];

const at = (call: Call) => ({ params: { path: { id: call.id }, header: once() } });
const atLeg = (leg: string) => ({ params: { path: { leg }, header: once() } });

export const answer = (leg: string) => wish(need(api.POST('/api/phone/calls/{leg}/answer', atLeg(leg))));

export const decline = (leg: string) => wish(need(api.POST('/api/phone/calls/{leg}/decline', atLeg(leg))));

/** Hangs the own leg up; where the phone is not in this page, the call ends. */
export function hangUp(leg: string | null, call: Call | null): Promise<boolean> {
  if (call !== null) endedByMe(call.id);
  if (leg !== null) return wish(need(api.POST('/api/phone/calls/{leg}/hang-up', atLeg(leg))));
  if (call === null) return Promise.resolve(false);
  return wish(need(api.POST('/api/calls/{id}/hang-up', at(call))));
}

export const hold = (call: Call, on: boolean) =>
  wish(
    on
      ? need(api.POST('/api/calls/{id}/hold', at(call)))
      : need(api.POST('/api/calls/{id}/unhold', at(call))),
  );

let before: Promise<unknown> = Promise.resolve();

/** Presses keys, each after the one before it. */
export function press(call: Call, digits: string): Promise<boolean> {
  const pressed = before.then(() =>
    wish(need(api.POST('/api/calls/{id}/dtmf', { ...at(call), body: { digits } }))),
  );
  before = pressed;
  return pressed;
}

export const pauseRecording = (call: Call, paused: boolean) =>
  wish(need(api.POST('/api/calls/{id}/recording', { ...at(call), body: { paused } })));

const to = (target: Target) => ({ to: { [target.kind]: target.value } }) as Handing;

export const transfer = (call: Call, target: Target) =>
  wish(need(api.POST('/api/calls/{id}/transfer', { ...at(call), body: to(target) })));

export const consult = (call: Call, target: Target) =>
  wish(need(api.POST('/api/calls/{id}/consult', { ...at(call), body: to(target) })));

/** Known before the answer: the live line is sometimes quicker. */
async function endsConsult(call: Call, doing: Promise<unknown>): Promise<boolean> {
  consultEndedByMe(call.id);
  const done = await wish(doing);
  if (!done) isConsultEndedByMe(call.id);
  return done;
}

export function complete(call: Call): Promise<boolean> {
  return endsConsult(call, need(api.POST('/api/calls/{id}/consult/complete', { ...at(call), body: {} })));
}

export function cancel(call: Call): Promise<boolean> {
  return endsConsult(call, need(api.POST('/api/calls/{id}/consult/cancel', { ...at(call), body: {} })));
}

export const swap = (call: Call) =>
  wish(need(api.POST('/api/calls/{id}/consult/swap', { ...at(call), body: {} })));

export const conference = (call: Call) =>
  wish(need(api.POST('/api/calls/{id}/conference', { ...at(call), body: {} })));

/** Whom the conversation could go to. */
export async function findTargets(query: string): Promise<Target[]> {
  const found = await need(api.GET('/api/transfer-targets', { params: { query: { query } } }));
  return found.items;
}
