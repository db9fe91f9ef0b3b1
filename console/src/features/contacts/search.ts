import { readText } from '@/address';

/** What is looked for among the contacts; it stands in the address. */
export interface ContactSearch {
  q?: string;
}

/** Digits in an address come as a number; a plus at their beginning would be lost with that. */
const text = (value: unknown) => readText(value, 100);

export function readContactSearch(raw: Record<string, unknown>): ContactSearch {
  // What is left out has to be said: else the router hands on what stands in the address.
  return { q: text(raw.q) };
}

/** A contact that is to be made begins with this number. */
export function readNumber(raw: Record<string, unknown>): { number?: string } {
  return { number: text(raw.number) };
}
