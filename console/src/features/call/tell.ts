import { given } from '@/api';
import { type TFunction, phoneNumber, spoken } from '@/i18n';
import {
  type Call,
  type CallResult,
  type OwnPhone,
  agentName,
  isDialling,
  phoneOf,
  queueName,
  serverNow,
  useLive,
  useNames,
} from '@/live';
import { say } from '@/notices';
import { type PastCall, fetchCall, isGivenUp } from '@/past';
import { isConsultEndedByMe, isEndedByMe } from './by-me';
import { withWhom } from './parts';

/** What came to nothing stays to be read, in milliseconds. */
const LASTS = 20_000;

/** What is written down of a call comes a moment after its end: so often it is asked for, and after such pauses. */
const TRIES = 6;
const PAUSE = 700;

type Consult = NonNullable<Call['consult']>;

/** Something that happened without a press of this agent. */
export type Happening =
  | { kind: 'not_reached'; call: Call }
  | { kind: 'consult_over'; call: Call; consult: Consult }
  | { kind: 'refused'; how: string };

interface Seen {
  calls: ReadonlyMap<string, Call>;
  phone: OwnPhone | null;
}

/** What happened between two states of the live line. */
export function happenings(before: Seen, now: Seen, me: string): Happening[] {
  const found: Happening[] = [];
  for (const call of before.calls.values()) {
    const after = now.calls.get(call.id);
    if (after === undefined) {
      if (isDialling(call) && call.agents.includes(me)) found.push({ kind: 'not_reached', call });
    } else if (given(call.consult) && call.consult.by === me && !given(after.consult)) {
      // Where the customer has hung up, nobody has to be told whose they are.
      const goesOn = after.agents.includes(me) && after.doing !== 'finished';
      if (goesOn) found.push({ kind: 'consult_over', call: after, consult: call.consult });
    }
  }
  const ended = now.phone?.ended;
  if (given(ended?.refused) && ended.refused !== 'normal' && ended.leg !== before.phone?.ended?.leg) {
    if (before.phone?.calls.some(one => one.leg === ended.leg)) {
      found.push({ kind: 'refused', how: ended.refused });
    }
  }
  return found;
}

/** Whom an agent has consulted, by name. */
export function consulted({ agent, to }: Consult): string {
  const { queue, number, extension } = to as { extension?: string; queue?: string; number?: string };
  if (given(agent)) return agentName(agent);
  if (queue !== undefined) return queueName(useNames.getState().desk, queue);
  if (number !== undefined) return phoneNumber(number);
  return extension === undefined ? '' : (phoneOf(extension).name ?? extension);
}

/** What became of a call that nobody answered; nothing where there is nothing to say. */
export function endWords(t: TFunction, past: PastCall | null, who: string, me: string): string | null {
  if (past === null) return t('call.notReached', { who });
  if (past.result === 'answered' || past.end === 'talked') return null;
  // Who has given it up knows that.
  if (isGivenUp(past)) return null;
  if (past.result !== null) {
    return t('call.notReachedWhy', { who, result: t(`result.${past.result as CallResult}`) });
  }
  if (past.end !== 'not_dialled') return t('call.notReached', { who });
  const own = past.legs.find(
    leg => leg.party !== 'customer' && 'agent' in leg.party && leg.party.agent === me,
  );
  if (own?.why === 'declined') return null;
  return t(own?.why === 'no_answer' ? 'call.ownUnanswered' : 'call.ownUnreachable', { who });
}

async function pastOf(call: string): Promise<PastCall | null> {
  for (let n = 0; n < TRIES; n += 1) {
    await new Promise(resolve => setTimeout(resolve, PAUSE));
    try {
      return await fetchCall(call);
    } catch {
      // Not written down yet, or no connection.
    }
  }
  return null;
}

async function tellEnd(call: Call, me: string): Promise<void> {
  const past = await pastOf(call.id);
  const words = (t: TFunction) => endWords(t, past, withWhom(t, call, me), me);
  if (words(spoken.t) === null) return;
  // It takes the place of what the press of the button has said.
  say({
    id: given(call.entry) ? `did-${call.entry}` : 'call',
    kind: 'refused',
    title: t => words(t) ?? '',
    lasts: LASTS,
  });
}

function tellConsult(call: Call, consult: Consult): void {
  const who = consulted(consult);
  const late = given(consult.until) && serverNow() > consult.until - 1_500;
  const how = given(consult.answered)
    ? 'call.consultLeft'
    : late
      ? 'call.consultUnanswered'
      : 'call.consultDeclined';
  say({ id: `consult-${call.id}`, kind: 'refused', title: t => t(how, { who }), lasts: LASTS });
}

const REFUSED = ['busy', 'unknown', 'forbidden', 'no_answer', 'unavailable'] as const;

/** Says what happens to calls without a press of this agent; the answer ends it. */
export function beginToTellOfCalls(): () => void {
  return useLive.subscribe((live, before) => {
    const me = live.me?.agent;
    if (!given(me) || (live.calls === before.calls && live.phone === before.phone)) return;
    for (const one of happenings(before, live, me)) {
      if (one.kind === 'not_reached') {
        if (!isEndedByMe(one.call.id)) void tellEnd(one.call, me);
      } else if (one.kind === 'consult_over') {
        if (!isConsultEndedByMe(one.call.id)) tellConsult(one.call, one.consult);
      } else {
        const how = REFUSED.find(word => word === one.how) ?? 'unavailable';
        say({ id: 'call', kind: 'refused', title: t => t(`call.refusedHere.${how}`), lasts: LASTS });
      }
    }
  });
}
