import { useEffect, useState } from 'react';

type Find = (number: string) => string | undefined;

/** Comes before the first call: see `bringPlaces`. */
let find: Find | null = null;

/** Brings what knows the countries of numbers: too much for the first visit, and there before a call is. */
export async function bringPlaces(): Promise<void> {
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  find = number => parsePhoneNumberFromString(number)?.country;
}

/** The country of a number, as the language of the page calls it; empty where it is not known. */
export function usePlace(number: string | null, language: string): string {
  const [there, setThere] = useState(find !== null);
  useEffect(() => {
    if (number !== null && !there)
      bringPlaces().then(
        () => setThere(true),
        () => {},
      );
  }, [number, there]);
  const country = number === null ? undefined : find?.(number);
  if (country === undefined) return '';
  return new Intl.DisplayNames([language === 'zh' ? 'zh-CN' : 'en'], { type: 'region' }).of(country) ?? '';
}
