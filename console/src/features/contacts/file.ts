/** The largest file that the server takes, in bytes. */
export const MOST_BYTES = 8 * 1024 * 1024;

export type FileRead =
  | { kind: 'text'; text: string; /** It was not written as UTF-8. */ asGb: boolean }
  | { kind: 'too_large' }
  | { kind: 'unreadable' };

/** Reads the text of a table: as UTF-8, else as GB 18030, in which spreadsheets in China write. */
export function decode(bytes: Uint8Array): FileRead {
  if (bytes.byteLength > MOST_BYTES) return { kind: 'too_large' };
  for (const encoding of ['utf-8', 'gb18030'] as const) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      return { kind: 'text', text, asGb: encoding === 'gb18030' };
    } catch {
      // It is in another one.
    }
  }
  return { kind: 'unreadable' };
}

/** Lines as they are told: `2–4, 7`, at most so many of them. */
export function linesOf(lines: readonly number[], most = 6): string {
  const parts: [number, number][] = [];
  for (const line of lines) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] + 1 === line) last[1] = line;
    else parts.push([line, line]);
  }
  const shown = parts.slice(0, most).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return shown.join(', ') + (parts.length > most ? ', …' : '');
}
