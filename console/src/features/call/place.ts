import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** The country of a number, as the language of the page calls it; empty where it is not known. */
export function placeOf(number: string | null, language: string): string {
  const country = number === null ? undefined : parsePhoneNumberFromString(number)?.country;
  if (country === undefined) return '';
  return new Intl.DisplayNames([language === 'zh' ? 'zh-CN' : 'en'], { type: 'region' }).of(country) ?? '';
}
