import { type TFunction as Asked, createInstance } from 'i18next';
import type { customersEn } from './customers.en';
import type { en } from './en';
import type { pastEn } from './past.en';
import type { playbackEn } from './playback.en';
import type { refusedEn } from './refused.en';
import type { todayEn } from './today.en';
import type { whenEn } from './when.en';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: {
      words: typeof en &
        typeof customersEn &
        typeof pastEn &
        typeof playbackEn &
        typeof refusedEn &
        typeof todayEn &
        typeof whenEn;
    };
  }
}

/** The languages of the page. */
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

/** Says a text of the page, with what belongs into it; `count` chooses between its forms. */
export type TFunction = Asked<'words'>;

/** Words as they are written down: texts under names, in groups. */
export interface Tree {
  readonly [key: string]: string | Tree;
}

const voice = createInstance();

/** Stand around what belongs into a text until it is whole. */
const [FROM, TO] = ['\uE000', '\uE001'];
const HAN = '\\p{Script=Han}';
const LATIN = '[A-Za-z0-9+.]';
const BETWEEN = new RegExp(
  `(?<=${HAN})${FROM}(?=${LATIN})|(?<=${LATIN})${FROM}(?=${HAN})|(?<=${HAN})${TO}(?=${LATIN})|(?<=${LATIN})${TO}(?=${HAN})`,
  'gu',
);
/** `Priya N.` at the end of a sentence has its full stop already, in Chinese as well. */
const TWICE = new RegExp(`(?<=[^.]\\.)${TO}[.。](?=\\s|$)`, 'g');
const MARKS = new RegExp(`[${FROM}${TO}]`, 'g');

voice.use({
  type: 'postProcessor',
  name: 'joints',
  // A name or a number may be Latin in a Chinese sentence: a space stands between.
  process: (text: string) =>
    text.includes(FROM) ? text.replace(TWICE, '').replace(BETWEEN, ' ').replace(MARKS, '') : text,
});

void voice.init({
  lng: 'en',
  // Only one language's words are here, as a rule. What a server of another version names is shown as it is.
  fallbackLng: false,
  ns: 'words',
  defaultNS: 'words',
  nsSeparator: false,
  resources: { en: { words: {} }, zh: { words: {} } },
  // React writes texts as texts: what is put in is only marked.
  interpolation: { escapeValue: true, escape: text => `${FROM}${text}${TO}` },
  postProcess: 'joints',
  missingInterpolationHandler: () => '',
  initAsync: false,
});

/** Adds words to those of a language. */
export function learn(language: Language, tree: Tree): void {
  voice.addResourceBundle(language, 'words', tree, true, true);
}

const voices: Record<Language, TFunction> = { en: voice.getFixedT('en'), zh: voice.getFixedT('zh') };

/** The language of the page, for what is said outside of components. */
export const spoken = {
  get language(): Language {
    return voice.language === 'zh' ? 'zh' : 'en';
  },
  t: voice.t as TFunction,
  in: (language: Language): TFunction => voices[language],
  /** From now on in this language, whose words are there. */
  turnTo(language: Language): void {
    void voice.changeLanguage(language);
  },
  hear(hear: () => void): () => void {
    voice.on('languageChanged', hear);
    return () => voice.off('languageChanged', hear);
  },
};
