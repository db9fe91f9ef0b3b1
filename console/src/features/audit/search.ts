import { readWord } from '@/address';
import { midnight, readDay } from '@/i18n';

/** The parts of the API that leave lines, by what stands behind `/api/`. */
export const AREAS = [
  'agents',
  'calls',
  'configuration',
  'contacts',
  'entries',
  'me',
  'messages',
  'phone',
  'recordings',
  'requests',
  'session',
  'setup',
  'tokens',
  'users',
] as const;
export type Area = (typeof AREAS)[number];

/** What is chosen on the page; it stands in the address, so that it can be kept and sent. */
export interface AuditSearch {
  /** A user, by name. */
  who?: string;
  area?: Area;
  /** A thing, by its id or name. */
  object?: string;
  /** The first day, as `2026-11-27`, where the browser is. */
  since?: string;
  /** The last day, likewise. */
  until?: string;
}

const text = (value: unknown) => readWord(value, 200);

/** Reads an address; what cannot be meant is left out. */
export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const search: AuditSearch = {
    who: text(raw.who),
    area: AREAS.find(area => area === raw.area),
    object: text(raw.object),
    since: readDay(raw.since),
    until: readDay(raw.until),
  };
  // What is left out has to be said: else the router hands on what stands in the address.
  return search;
}

/** What the server is asked: the last day is meant whole. */
export function asked({ since, until, ...rest }: AuditSearch) {
  return {
    ...rest,
    since: since === undefined ? undefined : midnight(since),
    until: until === undefined ? undefined : midnight(until, 1),
  };
}
