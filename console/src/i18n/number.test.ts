import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import examples from 'libphonenumber-js/mobile/examples';
import { expect, it } from 'vitest';
import { grouped } from './number';

/** Numbers that begin in every second way that two digits can, of the length that the country's mobile phones have, and one shorter. */
function numbersOf(country: ReturnType<typeof getCountries>[number]): string[] {
  const example = getExampleNumber(country, examples);
  if (example === undefined) return [];
  const { number, countryCallingCode: code, nationalNumber } = example;
  const rest = nationalNumber.slice(2);
  const begins = Array.from({ length: 45 }, (_, n) => String(2 * n + 11));
  return [number, ...begins.flatMap(two => [`+${code}${two}${rest}`, `+${code}${two}${rest.slice(1)}`])];
}

it('groups the numbers of all countries as libphonenumber does', () => {
  let compared = 0;
  for (const number of getCountries().flatMap(numbersOf)) {
    const parsed = parsePhoneNumberFromString(number);
    // Where it takes the number for another one, with a prefix of the country in it, nothing is compared.
    if (parsed?.number !== number) continue;
    expect(grouped(number)).toBe(parsed.formatInternational());
    compared += 1;
  }
  expect(compared).toBeGreaterThan(15_000);
}, 60_000);

it('leaves alone what is no whole number', () => {
  for (const text of ['', '+', '+8', '+861', '+999123456', '13800138000', '138****5678', 'anonymous'])
    expect(grouped(text)).toBe(text);
});
