import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { isHidden, phoneNumber } from '@/i18n';
import { type Agent, agentName, insideNumber, phoneOf, useLive, useMyAgent, useNames } from '@/live';
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

/** The other side of a call between phones of ours: who it was, and at which number. */
function colleague(party: Party | undefined): [string, string | null] {
  if (party === undefined || party === 'customer') return ['', null];
  if ('agent' in party) return [agentName(party.agent), insideNumber(party.agent)];
  if ('extension' in party) {
    const { name, number } = phoneOf(party.extension);
    return [name ?? number, number];
  }
  return [phoneNumber(party.number), party.number];
}

/** A call as one of this agent's last; nothing where nobody knows with whom it was. */
export function recentOf(call: PastCall, me: Agent): Recent | null {
  const own = (party: Party) =>
    party !== 'customer' &&
    ('agent' in party ? party.agent === me.key : 'extension' in party && party.extension === me.extension);
  const [who, number] =
    call.number !== null
      ? [phoneNumber(call.number), call.number]
      : colleague(call.legs.find(leg => leg.party !== 'customer' && !own(leg.party))?.party);
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

/** So often it is asked again for a call that goes on without this agent, in milliseconds, and for so long. */
const AGAIN = 5_000;
const FOR = 60 * 60_000;

/** Calls in which the viewer talked, each with the moment when that was seen last. Others may go on with them. */
const talkedIn = new Map<string, number>();

useLive.subscribe(({ me, agents }) => {
  const agent = me?.agent ? agents.get(me.agent) : undefined;
  if (!agent?.call || (agent.state !== 'talking' && agent.state !== 'held')) return;
  talkedIn.delete(agent.call);
  talkedIn.set(agent.call, Date.now());
  for (const call of [...talkedIn.keys()].slice(0, -MOST)) talkedIn.delete(call);
});

/** Whether a call in which the viewer talked is not written down yet, though this page sees nothing of it any more. */
export function isAwaited(known: readonly PastCall[], now: number): boolean {
  const { calls } = useLive.getState();
  return [...talkedIn].some(
    ([id, at]) => now - at < FOR && !calls.has(id) && !known.some(({ call }) => call === id),
  );
}

/** The agent's last calls, the latest first; nothing before they are known. They are asked for anew whenever one is over. */
export function useRecent(): { calls: readonly Recent[] | null; failed: boolean } {
  const me = useMyAgent();
  const key = me?.key ?? '';
  // Names of colleagues come with it.
  useNames();
  const going = useLive(live =>
    [...live.calls.values()]
      .filter(({ id, agents }) => agents.includes(key) || talkedIn.has(id))
      .map(call => call.id)
      .join(),
  );
  const query = useQuery({
    queryKey: ['recent', key, going],
    queryFn: () => fetchCalls({ agent: key, limit: MOST }),
    enabled: me !== null,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (isAwaited(state.data?.items ?? [], Date.now()) ? AGAIN : false),
    staleTime: 0,
    gcTime: 0,
  });
  const calls =
    me === null || query.data === undefined
      ? null
      : query.data.items.flatMap(call => recentOf(call, me) ?? []);
  return { calls, failed: query.isError && query.data === undefined };
}
