import { IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from '@/i18n';
import { IconButton } from '@/ui';
import styles from './after-call.module.css';

/** So many tags a note may have, and so long each may be, as the server says. */
const MOST = 10;
const LONGEST = 40;

/** The tags with one more; unchanged where it is there already, or says nothing. */
export function withTag(tags: readonly string[], typed: string): string[] {
  const tag = typed.trim().slice(0, LONGEST);
  return tag === '' || tags.includes(tag) ? [...tags] : [...tags, tag];
}

/** Words to find a call by. */
export function Tags({ tags, onChange }: { tags: readonly string[]; onChange: (tags: string[]) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const full = tags.length >= MOST;
  const add = () => {
    if (typed.trim() === '' || full) return;
    onChange(withTag(tags, typed));
    setTyped('');
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if ((event.key === 'Enter' && !event.altKey) || event.key === ',' || event.key === '，') {
      event.preventDefault();
      add();
    }
    if (event.key === 'Backspace' && typed === '' && tags.length > 0) onChange(tags.slice(0, -1));
  };
  return (
    <div className={styles.part}>
      <label className={styles.field}>
        {t('note.tags')}
        <input
          value={typed}
          maxLength={LONGEST}
          disabled={full}
          autoComplete="off"
          placeholder={full ? t('note.tooManyTags') : t('note.tagHint')}
          onChange={event => setTyped(event.target.value)}
          onKeyDown={press}
          onBlur={add}
        />
      </label>
      {tags.length > 0 && (
        <ul className={styles.tags}>
          {tags.map(tag => (
            <li key={tag}>
              <span>{tag}</span>
              <IconButton
                label={t('note.removeTag', { tag })}
                small
                side="top"
                onClick={() => onChange(tags.filter(other => other !== tag))}
              >
                <IconX size={14} stroke={1.75} aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
