import type { TFunction } from '@/i18n';
import { type Desk, agentName, queueName, serviceName } from '@/live';
import type { PastCall } from '@/past';

/** What the call was about: its queue, else its service, else which way it went. */
export function about(t: TFunction, desk: Desk | null, call: PastCall): string {
  const way = t(`past.directions.${call.direction}`);
  if (call.queue !== null) return `${way} · ${t('past.ofQueue', { queue: queueName(desk, call.queue) })}`;
  if (call.service !== null) return `${way} · ${serviceName(desk, call.service)}`;
  return way;
}

/** Who has hung up a call that was dialled by hand; nothing where that is not known. */
export function hungUpBy(t: TFunction, call: PastCall): string | null {
  if (call.ended_by === 'called') return t('past.hungUpThere');
  if (call.ended_by !== 'caller') return null;
  const agent = call.agents[0];
  return agent === undefined ? t('past.hungUpHere') : t('past.hungUpBy', { who: agentName(agent) });
}
