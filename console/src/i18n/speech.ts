import type { customersEn } from './customers.en';
import type { en } from './en';
import type { pastEn } from './past.en';
import type { playbackEn } from './playback.en';
import type { refusedEn } from './refused.en';
import type { todayEn } from './today.en';

/** The languages of the page. */
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

type English = typeof en &
  typeof customersEn &
  typeof pastEn &
  typeof playbackEn &
  typeof refusedEn &
  typeof todayEn;

/** What comes in several forms is asked for without its form: `seconds` of `seconds_one` and `seconds_other`. */
type Asked<K extends string> = K extends `${infer Name}_${'zero' | 'one' | 'other'}` ? Name : K;

type Paths<T> = {
  [K in keyof T & string]: T[K] extends string ? Asked<K> : `${K}.${Paths<T[K]>}`;
}[keyof T & string];

/** Says a text of the page, with what belongs into it; `count` chooses between its forms. */
export type TFunction = (
  key: Paths<English>,
  values?: Readonly<Record<string, string | number | null | undefined>>,
) => string;

/** Words as they are written down: texts under names, in groups. */
export interface Tree {
  readonly [key: string]: string | Tree;
}

const known: Record<Language, Map<string, string>> = { en: new Map(), zh: new Map() };

/** Adds words to those of a language. */
export function learn(language: Language, tree: Tree, group = ''): void {
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === 'string') known[language].set(group + name, value);
    else learn(language, value, `${group}${name}.`);
  }
}

/** The text for so many: a form for none, where there is one, for one, or for others. Chinese has one form for all. */
function formOf(texts: ReadonlyMap<string, string>, key: string, count: number): string | undefined {
  return (
    (count === 0 ? texts.get(`${key}_zero`) : undefined) ??
    (count === 1 ? texts.get(`${key}_one`) : undefined) ??
    texts.get(`${key}_other`)
  );
}

function speaks(language: Language): TFunction {
  const texts = known[language];
  return (key, values = {}) => {
    const { count } = values;
    const text = (typeof count === 'number' ? formOf(texts, key, count) : undefined) ?? texts.get(key);
    // The types allow no other key; what a server of another version names is shown as it is.
    if (text === undefined) return key;
    return text.replace(/{{(\w+)}}/g, (_, field: string) => String(values[field] ?? ''));
  };
}

const voices: Record<Language, TFunction> = { en: speaks('en'), zh: speaks('zh') };

let now: Language = 'en';
const hearers = new Set<() => void>();

/** The language of the page, for what is said outside of components. */
export const spoken = {
  get language(): Language {
    return now;
  },
  t: ((key, values) => voices[now](key, values)) as TFunction,
  in: (language: Language): TFunction => voices[language],
  /** From now on in this language, whose words are there. */
  turnTo(language: Language): void {
    now = language;
    for (const hear of hearers) hear();
  },
  hear(hear: () => void): () => void {
    hearers.add(hear);
    return () => hearers.delete(hear);
  },
};
