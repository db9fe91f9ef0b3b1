import { Link } from '@tanstack/react-router';
import { numberOf, useCustomerName } from '@/entries';
import { Heard, useTranslation } from '@/i18n';
import type { Entry } from '@/live';
import styles from './list.module.css';

/** Who somebody is: the name with the number beside it, below it where there is less room; else the number alone. */
export function Name({ entry, tab }: { entry: Entry; tab?: 0 | -1 }) {
  const { t } = useTranslation();
  const number = numberOf(t, entry);
  const name = useCustomerName(entry);
  return (
    <span className={name === null ? styles.unnamed : styles.named}>
      <Link
        to="/list/$entry"
        params={{ entry: entry.id }}
        className={`${styles.who} ${name === null && entry.number ? styles.number : ''}`}
        tabIndex={tab}
        title={name ?? number}
      >
        <Heard text={name ?? number} />
      </Link>
      {name !== null && (
        <span className={styles.beside}>
          <Heard text={number} />
        </span>
      )}
    </span>
  );
}
