import { useSyncExternalStore } from 'react';
import { type Language, type TFunction, type Tree, learn, spoken } from './speech';

export { LANGUAGES, type Language, type TFunction, spoken } from './speech';

// What pages of their own say comes with them, and adds itself: see `customers.ts`.

const KEPT = 'nohold.language';

/** Only the words of the language in use travel. */
const WORDS: Record<Language, () => Promise<Tree>> = {
  en: async () => (await import('./en')).en,
  zh: async () => (await import('./zh')).zh,
};

/** The language that was chosen here, else the first of the browser's that we have. */
export function firstLanguage(kept: string | null, browser: readonly string[]): Language {
  if (kept === 'en' || kept === 'zh') return kept;
  for (const tag of browser) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'zh') return language;
  }
  return 'en';
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** The language that was asked for last: words that come late do not turn the page back to another. */
let asked: Language = 'en';

async function speak(language: Language): Promise<void> {
  asked = language;
  learn(language, await WORDS[language]());
  if (asked !== language) return;
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  spoken.turnTo(language);
}

/** Brings the words of the first language; nothing can be drawn before. */
export const beginToSpeak = (): Promise<void> => speak(firstLanguage(kept(), navigator.languages));

/** The language of the page now. */
export function useLanguage(): Language {
  return useSyncExternalStore(spoken.hear, () => spoken.language);
}

const words: Record<Language, { t: TFunction }> = {
  en: { t: spoken.in('en') },
  zh: { t: spoken.in('zh') },
};

/** The words of the language now. */
export function useTranslation(): { t: TFunction } {
  return words[useLanguage()];
}

/** Speaks this language from now on, here and at the next visit. Where its words cannot be had now, the page goes on in the one it has. */
export function setLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // Without a place to keep it, it holds for this visit.
  }
  speak(language).catch(() => {});
}

export * from './format';
export { BREAKS, breakWords } from './breaks';
export { midnight, readDay } from './days';
export { Heard, heard, isHidden } from './heard';
export { byWhom } from './operator';
