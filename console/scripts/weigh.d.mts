/** So much a first visit may weigh, in bytes. */
export const LIMIT: number;
/** The files that somebody loads who comes for the first time and speaks this language. */
export function firstVisit(language: 'en' | 'zh'): string[];
/** What comes over the line for a file, in bytes. */
export function weigh(name: string): number;
