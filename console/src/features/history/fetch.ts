import { api, need } from '@/api';
import { type Direction, type End, type HistorySearch, asked } from './search';

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
  /** The number outside; masked for who may not see it. */
  number: string | null;
  /** The number of ours. */
  called: string | null;
  service: string | null;
  queue: string | null;
  extension: string | null;
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
  disposition: string | null;
  note: string;
}

/** A page of calls, newest first, behind this cursor. */
export async function fetchCalls(search: HistorySearch, after: string | undefined) {
  const page = await need(
    api.GET('/api/history', { params: { query: { ...asked(search), after, limit: 50 } } }),
  );
  return { items: page.items as unknown as PastCall[], next: page.next };
}

export async function fetchCall(call: string) {
  return (await need(api.GET('/api/history/{call}', { params: { path: { call } } }))) as unknown as PastCall;
}
