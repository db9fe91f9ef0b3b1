import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const NAME = 'virtual:number-formats';
const DATA = new URL('../node_modules/libphonenumber-js/metadata.min.json', import.meta.url);

// What is where in a country's data and in a format of them, as libphonenumber-js packs them.
const FORMATS = 4;
const [PATTERN, NATIONAL, LEADING, INTERNATIONAL] = [0, 1, 2, 5];

type Format = readonly unknown[];
type Country = readonly unknown[];

interface Data {
  country_calling_codes: Record<string, readonly string[]>;
  countries: Record<string, Country>;
  nonGeographic: Record<string, Country>;
}

/** How numbers of a country code are written: the groups of digits, the groups as they are read, how the number begins. */
export type Written = readonly [pattern: string, shown: string, begins: string];

function written(country: Country | undefined): Written[] {
  const formats = (country?.[FORMATS] || []) as readonly Format[];
  return formats.map(format => {
    const shown = String(format[INTERNATIONAL] || format[NATIONAL]);
    // The last pattern is the exact one; those before it are for numbers that are still being typed.
    const begins = (format[LEADING] || []) as readonly string[];
    return [String(format[PATTERN]), shown.replaceAll(/[-/.()~ ]+/g, ' ').trim(), begins.at(-1) ?? ''];
  });
}

/**
 * Gives the page the part of libphonenumber's data that says how numbers are written, a quarter of the smallest set that the
 * library itself can read: what makes a number valid is nothing that a list asks.
 */
export function numberFormats(): Plugin {
  return {
    name: 'number-formats',
    resolveId: id => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const data = JSON.parse(readFileSync(DATA, 'utf8')) as Data;
      const all: Record<string, Written[]> = {};
      // The first country of a code has the formats of all that share it.
      for (const [code, [first = '']] of Object.entries(data.country_calling_codes))
        all[code] = written(data.countries[first]);
      for (const [code, country] of Object.entries(data.nonGeographic)) all[code] = written(country);
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(all))});`;
    },
  };
}
