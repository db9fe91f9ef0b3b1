import { api, need, type paths } from '@/api';

/** Which way a call went. */
export const DIRECTIONS = ['in', 'callback', 'out', 'internal'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** What became of a call. */
export const ENDS = [
  'talked',
  'requested',
  'message',
  'missed',
  'cut_off',
  'ended_by_flow',
  'not_reached',
  'not_dialled',
] as const;
export type End = (typeof ENDS)[number];

/** Whose leg it is: the customer's, or that of an agent, of a phone of the house, or of a number outside. */
export type Party = 'customer' | { agent: string } | { extension: string } | { number: string };

/** One leg of a call; times in milliseconds since 1970. */
export interface Leg {
  party: Party;
  began: number;
  answered: number | null;
  /** None: it ended with the call. */
  ended: number | null;
  /** Why nobody answered. */
  why: 'no_answer' | 'declined' | 'unreachable' | 'withdrawn' | 'interrupted' | null;
}

/** A call that is over. */
export interface PastCall {
  call: string;
  began: number;
  ended: number;
  direction: Direction;
  end: End;
  /** Of a callback, and of a call that we made: what came of dialling. */
  result: string | null;
  /** Who has hung up, of a call that was dialled by hand: after they talked, or the caller while it rang. */
  ended_by?: 'caller' | 'called' | null;
  /** The number outside; masked for who may not see it. */
  number: string | null;
  /** The number of ours. */
  called: string | null;
  service: string | null;
  queue: string | null;
  /** The phone of ours that called. */
  extension: string | null;
  /** Who made it or talked in it, in that order. */
  agents: string[];
  legs: Leg[];
  stays: { queue: string; from: number; to: number; why: string }[];
  flows: string[];
  path: string[];
  /** Lengths in milliseconds. */
  waited: number;
  talked: number;
  held: number;
  entry: string | null;
  recordings: { recording: string; agent: string; at: number }[];
  messages: string[];
  /** Of one call alone: entries that closed because the customer was served in it. */
  served?: string[];
  disposition: string | null;
  note: string;
}

/** Which calls are asked for. */
type Wanted = NonNullable<paths['/api/history']['get']['parameters']['query']>;

/** A page of calls, newest first: 50 where nothing else is said. */
export async function fetchCalls(query: Wanted) {
  const page = await need(api.GET('/api/history', { params: { query } }));
  return { items: page.items as unknown as PastCall[], next: page.next };
}

/** How long an agent has talked in it, in milliseconds; nothing where they have not. */
export function talkedWith(call: PastCall, agent: string): number | null {
  const own = call.legs.filter(
    ({ party, answered }) =>
      party !== 'customer' && 'agent' in party && party.agent === agent && answered !== null,
  );
  if (own.length === 0) return null;
  return own.reduce((sum, { answered, ended }) => sum + (ended ?? call.ended) - (answered ?? 0), 0);
}

/** Whether whoever dialled by hand has hung up while it rang: nothing has failed then. */
export function isGivenUp({
  result,
  ended_by: by,
  end,
}: Pick<PastCall, 'result' | 'ended_by' | 'end'>): boolean {
  return result === 'interrupted' && by === 'caller' && end !== 'talked';
}

export async function fetchCall(call: string) {
  return (await need(api.GET('/api/history/{call}', { params: { path: { call } } }))) as unknown as PastCall;
}
