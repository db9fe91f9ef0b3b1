import { daysBetween, moment, useLanguage, useTranslation } from '@/i18n';
import { agentName, useStep } from '@/live';
import type { Heard } from './heard';
import styles from './heard.module.css';

/** Who has listened to a message first, and when; nothing where nobody has. */
export function useHeardWords(heard: Heard | undefined): string | null {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  if (heard === undefined) return null;
  const said = { name: agentName(heard.by), time: moment(t, language, heard.at, now) };
  return t(daysBetween(now, heard.at) === 0 ? 'message.heardAt' : 'message.heardOn', said);
}

/** Nobody has listened yet: a dot and the word. */
export function NewMessage() {
  const { t } = useTranslation();
  return (
    <span className={styles.new}>
      <span className={styles.dot} aria-hidden />
      {t('message.new')}
    </span>
  );
}
