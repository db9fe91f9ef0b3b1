import type { TFunction } from '@/i18n';
import { useNameOfNumber } from '@/entries';
import { phoneNumber, useTranslation } from '@/i18n';
import { type CallResult, type Desk, agentName, queueName, serviceName } from '@/live';
import type { Party, PastCall } from '@/past';

/** Who was outside, or which phone of ours where nobody was. */
export function outside(t: TFunction, call: PastCall): string {
  if (call.number !== null) return phoneNumber(call.number);
  if (call.extension !== null) return t('past.extension', { extension: call.extension });
  // Who calls back knows the number of the entry, whether it came to dialling or not.
  if (call.direction === 'callback') return t('past.customer');
  return t('list.unknownNumber');
}

/** Whom the call was with: by name where the contacts know it. */
export function useOutside(call: PastCall | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfNumber(call?.number);
  return call === undefined ? t('past.call') : (name ?? outside(t, call));
}

/** What the call was about: its queue, else its service, else which way it went. */
export function about(t: TFunction, desk: Desk | null, call: PastCall): string {
  const way = t(`past.directions.${call.direction}`);
  if (call.queue !== null) return `${way} · ${t('past.ofQueue', { queue: queueName(desk, call.queue) })}`;
  if (call.service !== null) return `${way} · ${serviceName(desk, call.service)}`;
  return way;
}

/** What became of it. */
export function outcome(t: TFunction, call: PastCall): string {
  if (call.result !== null && call.result !== 'answered' && call.end !== 'talked') {
    return t(`resultCap.${call.result as CallResult}`);
  }
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
  if ('extension' in party) return t('past.extension', { extension: party.extension });
  return phoneNumber(party.number);
}
