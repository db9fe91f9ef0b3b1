import type { TFunction } from './speech';

/** Reasons of a break where the site has configured none. Their words are ours; what is kept is the key, so that both languages read it. */
export const BREAKS = ['short', 'lunch', 'meeting', 'training'] as const;

const isKnown = (reason: string): reason is (typeof BREAKS)[number] => BREAKS.some(one => one === reason);

/** The reason of a break, in words. */
export const breakWords = (t: TFunction, reason: string): string =>
  isKnown(reason) ? t(`breaks.${reason}`) : reason;
