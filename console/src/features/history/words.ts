import type { TFunction } from '@/i18n';
import { useNameOfCall } from '@/entries';
import { phoneNumber, useTranslation } from '@/i18n';
import {
  type Agent,
  type CallResult,
  type Desk,
  agentName,
  phoneOf,
  queueName,
  serviceName,
  useMyAgent,
  useNames,
} from '@/live';
import { type Party, type PastCall, isGivenUp } from '@/past';

/** Who was outside; where nobody was, the colleague: whom I called, else who called. */
export function outside(t: TFunction, call: PastCall, me: Agent | null = null): string {
  if (call.number !== null) return phoneNumber(call.number);
  if (call.extension !== null) {
    const called = call.legs.find(leg => !isPhoneOf(leg.party, me))?.party;
    const mine = call.extension === me?.extension && called !== undefined && called !== 'customer';
    return partyName(t, mine ? called : { extension: call.extension });
  }
  // Who calls back knows the number of the entry, whether it came to dialling or not.
  if (call.direction === 'callback') return t('past.customer');
  return t('list.unknownNumber');
}

/** Whom the call was with: by name where the contacts know it. */
export function useOutside(call: PastCall | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfCall(call);
  const me = useMyAgent();
  useNames();
  return call === undefined ? t('past.call') : (name ?? outside(t, call, me));
}

/** What the call was about: its queue, else its service, else which way it went. */
export function about(t: TFunction, desk: Desk | null, call: PastCall): string {
  const way = t(`past.directions.${call.direction}`);
  if (call.queue !== null) return `${way} · ${t('past.ofQueue', { queue: queueName(desk, call.queue) })}`;
  if (call.service !== null) return `${way} · ${serviceName(desk, call.service)}`;
  return way;
}

/** What came of dialling. */
export function dialledWith(t: TFunction, call: PastCall): string {
  return isGivenUp(call) ? t('past.givenUp') : t(`resultCap.${call.result as CallResult}`);
}

/** What became of it. */
export function outcome(t: TFunction, call: PastCall): string {
  if (call.result !== null && call.result !== 'answered' && call.end !== 'talked')
    return dialledWith(t, call);
  return t(`past.ends.${call.end}`);
}

/** Who has hung up a call that was dialled by hand; nothing where that is not known. */
export function hungUpBy(t: TFunction, call: PastCall): string | null {
  if (call.ended_by === 'called') return t('past.hungUpThere');
  if (call.ended_by !== 'caller') return null;
  const agent = call.agents[0];
  return agent === undefined ? t('past.hungUpHere') : t('past.hungUpBy', { who: agentName(agent) });
}

/** Whose leg it is. */
export function partyName(t: TFunction, party: Party): string {
  if (party === 'customer') return t('past.customer');
  if ('agent' in party) return agentName(party.agent);
  if ('extension' in party) {
    const { name, number } = phoneOf(party.extension);
    return name === null || name === number ? t('past.extension', { extension: number }) : name;
  }
  return phoneNumber(party.number);
}

/** Whether it is the leg of this agent's phone. */
function isPhoneOf(party: Party, me: Agent | null): boolean {
  if (party === 'customer' || me === null) return false;
  return 'agent' in party ? party.agent === me.key : 'extension' in party && party.extension === me.extension;
}
