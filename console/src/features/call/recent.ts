import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { isHidden, phoneNumber } from '@/i18n';
import { type Agent, agentName, useLive, useMyAgent } from '@/live';
import { type Party, type PastCall, fetchCalls } from '@/past';

/** A call that an agent made or took. */
export interface Recent {
  id: string;
  at: number;
  /** We have dialled. */
  out: boolean;
  /** Whom it was with: the number outside, or the colleague. */
  who: string;
  /** The number outside, as far as the viewer may see it; nothing of a call inside. */
  outside: string | null;
  /** What is dialled to reach them again; nothing where the number is hidden from the viewer, or unknown. */
  number: string | null;
  service: string | null;
  /** The entry that it belongs to: by that a hidden number is called. */
  entry: string | null;
}

const MOST = 10;

type NumberOf = (agent: string) => string | null;

/** The other side of a call between phones of ours: who it was, and at which number. */
function colleague(party: Party | undefined, numberOf: NumberOf): [string, string | null] {
  if (party === undefined || party === 'customer') return ['', null];
  if ('agent' in party) return [agentName(party.agent), numberOf(party.agent)];
  if ('extension' in party) return [party.extension, party.extension];
  return [phoneNumber(party.number), party.number];
}

/** A call as one of this agent's last; nothing where nobody knows with whom it was. */
export function recentOf(call: PastCall, me: Agent, numberOf: NumberOf): Recent | null {
  const own = (party: Party) =>
    party !== 'customer' &&
    ('agent' in party ? party.agent === me.key : 'extension' in party && party.extension === me.extension);
  const [who, number] =
    call.number !== null
      ? [phoneNumber(call.number), call.number]
      : colleague(call.legs.find(leg => leg.party !== 'customer' && !own(leg.party))?.party, numberOf);
  if (who === '') return null;
  return {
    id: call.call,
    at: call.began,
    out: call.direction === 'internal' ? call.extension === me.extension : call.direction !== 'in',
    who,
    outside: call.number,
    number: number === null || isHidden(number) ? null : number,
    service: call.service,
    entry: call.entry,
  };
}

/** The agent's last calls, the latest first; nothing before they are known. They are asked for anew whenever one is over. */
export function useRecent(): { calls: readonly Recent[] | null; failed: boolean } {
  const me = useMyAgent();
  const key = me?.key ?? '';
  const agents = useLive(live => live.agents);
  const inHand = useLive(live =>
    [...live.calls.values()]
      .filter(call => call.agents.includes(key))
      .map(call => call.id)
      .join(),
  );
  const query = useQuery({
    queryKey: ['recent', key, inHand],
    queryFn: () => fetchCalls({ agent: key, limit: MOST }),
    enabled: me !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const numberOf = (agent: string) => agents.get(agent)?.number ?? null;
  const calls =
    me === null || query.data === undefined
      ? null
      : query.data.items.flatMap(call => recentOf(call, me, numberOf) ?? []);
  return { calls, failed: query.isError && query.data === undefined };
}
