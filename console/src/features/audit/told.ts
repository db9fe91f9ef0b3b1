/** What a line tells of something: fields of it, as the server sends them. */
export type Told = Record<string, unknown> | null | undefined;

/** What every change changes tells nobody anything. */
const COUNTED = new Set(['version', 'made']);

/** What differs, each as `role: agent → supervisor`. */
export function differences(before: unknown, after: unknown): string[] {
  const [old, now] = [before as Told, after as Told];
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  const said = (told: Told, name: string) => JSON.stringify(told?.[name] ?? null);
  const differ = names.filter(name => !COUNTED.has(name) && said(old, name) !== said(now, name));
  return differ.map(name => `${name}: ${[old?.[name], now?.[name]].map(words).join(' → ')}`);
}

/** What was asked for, as `action: break, reason: Lunch`; nothing where the address says it all. */
export function wished(wish: unknown): string {
  const fields = Object.entries((wish as Told) ?? {}).filter(([, value]) => isSaid(value));
  return fields.map(([name, value]) => `${name}: ${words(value)}`).join(', ');
}

const isSaid = (value: unknown) => value !== null && value !== undefined && value !== false;

function words(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(words).join(', ');
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, one]) => isSaid(one));
  return `(${fields.map(([name, one]) => `${name}: ${words(one)}`).join(', ')})`;
}
