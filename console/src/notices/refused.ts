import { isFailure } from '@/api';
import { spoken } from '@/i18n';
import '@/i18n/refused';
import { refusedEn } from '@/i18n/refused.en';

/** Codes that the desk has words for, whatever they are about. */
const PLAIN = [
  'agent_state',
  'no_agent',
  'no_attempts_left',
  'no_caller_id',
  'no_number',
  'no_outcome_yet',
  'not_in_the_future',
  'too_far_ahead',
  'not_known_yet',
  'not_signed_in',
  'number_forbidden',
  'other_groups',
  'store_unavailable',
  'unreachable',
] as const;

type Known = Exclude<keyof typeof refusedEn.refused, 'number'>;
type OfNumber = keyof typeof refusedEn.refused.number;

/** What is wrong with a number has no code of its own: the server's sentences begin so. */
const NUMBERS: readonly (readonly [string, OfNumber])[] = [
  ['there is no number', 'empty'],
  ['the number was withheld', 'withheld'],
  ['service codes with', 'service'],
  ['it is an emergency number', 'emergency'],
  ['it is an internal number', 'internal'],
  ['it is a short service number', 'short'],
  ['not an international number', 'form'],
  ['not a telephone number', 'character'],
  ['no country has this calling code', 'country'],
  ['too short for a number', 'tooShort'],
  ['a number without its area code', 'area'],
  ['too long for a number', 'tooLong'],
  ['no number of its country', 'digits'],
  ['no such number exists', 'none'],
];

/** What is wrong with a number, as the server says it, in our words; nothing where it is about something else. */
export function numberWords(message: string): string | null {
  if (message.includes('is not part of a telephone number')) return spoken.t('refused.number.character');
  const found = NUMBERS.find(([beginning]) => message.startsWith(beginning));
  return found === undefined ? null : spoken.t(`refused.number.${found[1]}`);
}

/** Why something was refused, in our words where we have some, else in the server's. */
export function refusedWords(thrown: unknown): string {
  if (!isFailure(thrown)) return thrown instanceof Error ? thrown.message : String(thrown);
  const plain = PLAIN.find(code => code === thrown.code);
  if (plain !== undefined) return spoken.t(`refusal.${plain}`);
  if (thrown.code !== 'number' && thrown.code in refusedEn.refused)
    return spoken.t(`refused.${thrown.code as Known}`);
  return numberWords(thrown.message) ?? thrown.message;
}
