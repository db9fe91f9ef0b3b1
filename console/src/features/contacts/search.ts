/** What is looked for among the contacts; it stands in the address. */
export interface ContactSearch {
  q?: string;
}

/** Digits in an address come as a number; a plus at their beginning would be lost with that. */
const text = (value: unknown): string | undefined => {
  const said = typeof value === 'number' ? String(value) : value;
  return typeof said === 'string' && said !== '' ? said.slice(0, 100) : undefined;
};

export function readContactSearch(raw: Record<string, unknown>): ContactSearch {
  const q = text(raw.q);
  return q === undefined ? {} : { q };
}

/** A contact that is to be made begins with this number. */
export function readNumber(raw: Record<string, unknown>): { number?: string } {
  const number = text(raw.number);
  return number === undefined ? {} : { number };
}
