import '@/i18n/past';
import { useNameOfCall } from '@/entries';
import { type TFunction, phoneNumber, useTranslation } from '@/i18n';
import { type Agent, type CallResult, agentName, phoneOf, useMyAgent, useNames } from '@/live';
import { type Party, type PastCall, isGivenUp } from '.';

/** What says with whom a call was. */
type Between = Pick<PastCall, 'number' | 'extension' | 'direction' | 'legs'>;

/** What says what became of a call. */
type Came = Pick<PastCall, 'result' | 'ended_by' | 'end'>;

/** Who was outside; where nobody was, the colleague: whom I called, else who called. */
export function outside(t: TFunction, call: Between, me: Agent | null = null): string {
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
export function useOutside(call: (Between & { call: string }) | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfCall(call);
  const me = useMyAgent();
  useNames();
  return call === undefined ? t('past.call') : (name ?? outside(t, call, me));
}

/** Who of ours was in it: in a call within the house everybody but whom `outside` names. */
export function ofOurs(t: TFunction, call: Between & Pick<PastCall, 'agents'>, me: Agent | null): string {
  const { extension, number } = call;
  const inside = number === null && extension !== null;
  const parties = inside ? [{ extension }, ...call.legs.map(leg => leg.party)] : [];
  const names = new Set(parties.filter(party => party !== 'customer').map(party => partyName(t, party)));
  names.delete(outside(t, call, me));
  return [...(names.size > 0 ? names : call.agents.map(agentName))].join(', ');
}

/** What came of dialling. */
export function dialledWith(t: TFunction, call: Came): string {
  return isGivenUp(call) ? t('past.givenUp') : t(`resultCap.${call.result as CallResult}`);
}

/** What became of it. */
export function outcome(t: TFunction, call: Came): string {
  if (call.result !== null && call.result !== 'answered' && call.end !== 'talked')
    return dialledWith(t, call);
  return t(`past.ends.${call.end}`);
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
