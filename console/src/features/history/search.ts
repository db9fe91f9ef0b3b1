import { readWord } from '@/address';
import { midnight, readDay } from '@/i18n';
import { DIRECTIONS, type Direction, ENDS, type End } from '@/past';

/** What is chosen on the page; it stands in the address, so that it can be kept and sent. */
export interface HistorySearch {
  /** The last digits of a number, in any writing. */
  number?: string;
  /** An agent, by key. */
  agent?: string;
  /** A queue, by key. */
  queue?: string;
  direction?: Direction;
  result?: End;
  /** The first day, as `2026-11-27`, where the browser is. */
  since?: string;
  /** The last day, likewise. */
  until?: string;
}

/** So many digits make a search: fewer would find everybody. */
export const LEAST_DIGITS = 4;

const text = (value: unknown) => readWord(value, 64);

/** Reads an address; what cannot be meant is left out. */
export function readHistorySearch(raw: Record<string, unknown>): HistorySearch {
  const search: HistorySearch = {
    number: text(raw.number),
    agent: text(raw.agent),
    queue: text(raw.queue),
    direction: DIRECTIONS.find(one => one === raw.direction),
    result: ENDS.find(one => one === raw.result),
    since: readDay(raw.since),
    until: readDay(raw.until),
  };
  // What is left out has to be said: else the router hands on what stands in the address.
  return search;
}

/** What the server is asked: the last day is meant whole, and too few digits ask for nothing yet. */
export function asked({ since, until, number, ...rest }: HistorySearch) {
  const digits = number?.replace(/\D/g, '') ?? '';
  return {
    ...rest,
    number: digits.length < LEAST_DIGITS ? undefined : number,
    since: since === undefined ? undefined : midnight(since),
    until: until === undefined ? undefined : midnight(until, 1),
  };
}

/** Where the server has all calls that fit, as a table for spreadsheets. */
export function tableOf(search: HistorySearch): string {
  const fits = Object.entries(asked(search)).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(fits.map(([name, value]) => [name, String(value)])).toString();
  return `/api/history/export.csv${query === '' ? '' : `?${query}`}`;
}
