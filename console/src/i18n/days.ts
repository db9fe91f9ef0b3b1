/** When a day such as `2026-11-27` begins where the browser is, and with `after` so many days later. */
export function midnight(day: string, after = 0): number {
  const [year = NaN, month = NaN, date = NaN] = day.split('-').map(Number);
  return new Date(year, month - 1, date + after).getTime();
}

/** A day as an address or a field gives it; nothing else is one. */
export const readDay = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(midnight(value))
    ? value
    : undefined;
