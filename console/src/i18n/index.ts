import i18next, { type TFunction } from 'i18next';
import { useSyncExternalStore } from 'react';
import type { customersEn } from './customers.en';
import { en } from './en';
import type { pastEn } from './past.en';
import type { playbackEn } from './playback.en';
import type { refusedEn } from './refused.en';
import type { todayEn } from './today.en';
import { zh } from './zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'words';
    resources: {
      words: typeof en &
        typeof customersEn &
        typeof pastEn &
        typeof playbackEn &
        typeof refusedEn &
        typeof todayEn;
    };
  }
}

// What pages of their own say comes with them, and adds itself: see `customers.ts`.

/** The languages of the page. */
export const LANGUAGES = { en: 'English', zh: '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'nohold.language';

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

function mark(language: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}

void i18next.init({
  lng: firstLanguage(kept(), navigator.languages),
  fallbackLng: 'en',
  defaultNS: 'words',
  resources: { en: { words: en }, zh: { words: zh } },
  // React writes texts as texts.
  interpolation: { escapeValue: false },
  initAsync: false,
});
mark(i18next.language);
i18next.on('languageChanged', mark);

function hear(one: () => void): () => void {
  i18next.on('languageChanged', one);
  return () => i18next.off('languageChanged', one);
}

/** The language of the page now. */
export function useLanguage(): Language {
  return useSyncExternalStore(hear, () => (i18next.language === 'zh' ? 'zh' : 'en'));
}

const words: Record<Language, { t: TFunction }> = {
  en: { t: i18next.getFixedT('en') },
  zh: { t: i18next.getFixedT('zh') },
};

/**
 * The words of the language now. The hook of `react-i18next` copies the whole instance for each component that uses it, which
 * took a third of the time of scrolling a long list.
 */
export function useTranslation(): { t: TFunction } {
  return words[useLanguage()];
}

/** Speaks this language from now on, here and at the next visit. */
export function setLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // Without a place to keep it, it holds for this visit.
  }
  void i18next.changeLanguage(language);
}

export { i18next };
export type { TFunction } from 'i18next';
export * from './format';
export { BREAKS, breakWords } from './breaks';
export { midnight, readDay } from './days';
export { Heard, heard, isHidden } from './heard';
