import { useTranslation, useLanguage } from '@/i18n';
import { Chip, type Tone } from '@/ui';
import styles from './audit.module.css';
import type { AuditLine } from './fetch';
import { AREAS } from './search';
import { differences, wished } from './told';

/** One line: when, who and from where, what about, and what came of it. */
export function AuditRow({ line }: { line: AuditLine }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const area = AREAS.find(one => one === line.route.split('/')[2]);
  const way = t(`audit.way.${line.way}`);
  const wish = wished(line.wish);
  return (
    <tr>
      <td className={styles.at}>
        <time dateTime={new Date(line.at).toISOString()} title={`${t('audit.request')}: ${line.request}`}>
          {written(language, line.at)}
        </time>
      </td>
      <td>
        <div className={styles.main}>{line.way === 'operator' ? t('audit.operator') : line.who}</div>
        <div className={styles.more}>
          {[line.token === undefined || line.token === null ? way : `${way} ${line.token}`, line.from]
            .filter(Boolean)
            .join(' · ')}
        </div>
      </td>
      <td className={styles.what}>
        <div className={styles.main}>{area === undefined ? line.route : t(`audit.areas.${area}`)}</div>
        <div className={styles.more}>
          {line.method} {address(line)}
        </div>
        {wish !== '' && (
          <div className={styles.more}>
            {t('audit.wish')}: {wish}
          </div>
        )}
        {line.downloaded && <Chip tone="grey">{t('audit.downloaded')}</Chip>}
        <Difference before={line.before} after={line.after} />
      </td>
      <td>
        <Answer status={line.status} />
        {line.unsaid > 0 && <div className={styles.more}>{t('audit.unsaid', { n: line.unsaid })}</div>}
      </td>
    </tr>
  );
}

function written(language: string, at: number): string {
  const options = { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', options).format(at);
}

/** The address as it was asked for. */
function address({ route, object }: AuditLine): string {
  const values = object.split('/');
  return route.replaceAll(/{\w+}/g, name => values.shift() ?? name);
}

function Answer({ status }: { status: number | null | undefined }) {
  const { t } = useTranslation();
  const [tone, word]: [Tone, 'done' | 'refused' | 'failed' | 'open'] =
    status === null || status === undefined
      ? ['hollow', 'open']
      : status < 400
        ? ['green', 'done']
        : status < 500
          ? ['amber', 'refused']
          : ['red', 'failed'];
  return (
    <Chip tone={tone}>
      {t(`audit.${word}`)} {status}
    </Chip>
  );
}

/** What differs. */
function Difference({ before, after }: { before?: unknown; after?: unknown }) {
  const differ = differences(before, after);
  if (differ.length === 0) return null;
  return (
    <ul className={styles.difference}>
      {differ.map(words => (
        <li key={words}>{words}</li>
      ))}
    </ul>
  );
}
