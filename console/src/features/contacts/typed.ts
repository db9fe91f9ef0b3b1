import type { Contact, ContactGiven } from './wishes';

/** A contact as it stands in the fields of the form. */
export interface Typed {
  name: string;
  numbers: string[];
  company: string;
  email: string;
  language: '' | 'en' | 'zh';
  zone: string;
  /** Apart by commas. */
  tags: string;
}

export const FIELDS = ['name', 'numbers', 'company', 'email', 'language', 'zone', 'tags'] as const;
export type Field = (typeof FIELDS)[number];

/** What the fields hold of a contact that is there. */
export function typedOf(contact: Contact): Typed {
  const { name, numbers, company, email, language, zone, tags } = contact;
  return {
    name,
    numbers: numbers.length > 0 ? [...numbers] : [''],
    company,
    email,
    language: language === 'en' || language === 'zh' ? language : '',
    zone: zone ?? '',
    tags: tags.join(', '),
  };
}

/** The fields of a contact that is to be made. */
export function emptyTyped(number = ''): Typed {
  return { name: '', numbers: [number], company: '', email: '', language: '', zone: '', tags: '' };
}

/** What the fields mean. */
export function givenOf(typed: Typed): ContactGiven {
  return {
    name: typed.name.trim(),
    numbers: typed.numbers.map(number => number.trim()).filter(number => number !== ''),
    company: typed.company.trim(),
    email: typed.email.trim(),
    language: typed.language === '' ? null : typed.language,
    zone: typed.zone.trim() === '' ? null : typed.zone.trim(),
    tags: typed.tags
      .split(/[,，、]/)
      .map(tag => tag.trim())
      .filter(tag => tag !== ''),
  };
}

/** Where the number stands in the form that the server names by its place among those it was given, as `numbers[1]`. */
export function placeOf(field: string, numbers: string[]): number | null {
  const place = /^numbers\[(\d+)\]$/.exec(field)?.[1];
  if (place === undefined) return null;
  const given = numbers.flatMap((number, at) => (number.trim() === '' ? [] : [at]));
  return given[Number(place)] ?? null;
}

const written = (typed: Typed, field: Field): string => {
  const value = givenOf(typed)[field];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
};

/**
 * What somebody else has changed meanwhile in fields where that is not what was typed here: for each its text at the server.
 * Fields that were not touched here take over what is there now.
 */
export function conflictOf(
  before: Typed,
  mine: Typed,
  theirs: Typed,
): { merged: Typed; theirs: Partial<Record<Field, string>> } {
  const merged: Typed = { ...mine };
  const differ: Partial<Record<Field, string>> = {};
  for (const field of FIELDS) {
    const [was, here, there] = [before, mine, theirs].map(one => written(one, field));
    if (there === was || there === here) continue;
    if (here === was) Object.assign(merged, { [field]: theirs[field] });
    else differ[field] = there ?? '';
  }
  return { merged, theirs: differ };
}
