/**
 * A text that stands in an address, so long at most. The router reads what looks like a number or a yes as one; nothing, a list or an
 * object is no text.
 */
export function readText(value: unknown, most: number): string | undefined {
  const said = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof said === 'string' && said !== '' ? said.slice(0, most) : undefined;
}

/** The same without the blanks around it. */
export const readWord = (value: unknown, most: number): string | undefined =>
  readText(value, 10 * most)
    ?.trim()
    .slice(0, most) || undefined;
