import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from '@/i18n';
import {
  KEYS,
  type KeyGroup,
  type KeyName,
  changeKey,
  holding,
  resetKeys,
  shownKeys,
  useKeys,
  written,
} from '@/keys';
import { Actions, Button, KeyCap, Problem } from '@/ui';
import styles from './keys.module.css';

const GROUPS: readonly KeyGroup[] = ['everywhere', 'call', 'list'];

/** All keys, each of which can be changed here. */
export function KeyTable() {
  const { t } = useTranslation();
  const changed = useKeys(state => state.changed);
  const [asking, setAsking] = useState<KeyName | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const all = holding(changed);

  const press = (name: KeyName) => (event: KeyboardEvent) => {
    if (asking !== name || event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return setAsking(null);
    const keys = written(event.nativeEvent);
    if (keys === null) return;
    const taken = changeKey(name, keys);
    setProblem(taken && t('keys.taken', { keys: shownKeys(keys).join(' '), name: t(`keys.${taken}`) }));
    setAsking(null);
  };

  return (
    <>
      <p className={styles.words}>{t('keys.words')}</p>
      {problem !== null && <Problem>{problem}</Problem>}
      {GROUPS.map(group => (
        <section key={group} className={styles.group}>
          <h3>{t(`keys.groups.${group}`)}</h3>
          <ul>
            {(Object.keys(KEYS) as KeyName[])
              .filter(name => KEYS[name].group === group)
              .map(name => (
                <li key={name} className={styles.row}>
                  {t(`keys.${name}`)}
                  <Button
                    size="row"
                    className={styles.change}
                    onClick={() => {
                      setProblem(null);
                      setAsking(name);
                    }}
                    onKeyDown={press(name)}
                    onBlur={() => setAsking(null)}
                  >
                    <span className="only-heard">{t('keys.change', { name: t(`keys.${name}`) })} </span>
                    {asking === name ? t('keys.press') : <Caps keys={all[name]} />}
                  </Button>
                </li>
              ))}
          </ul>
        </section>
      ))}
      {Object.keys(changed).length > 0 && (
        <Actions>
          <Button onClick={resetKeys}>{t('keys.reset')}</Button>
        </Actions>
      )}
    </>
  );
}

function Caps({ keys }: { keys: string }) {
  return (
    <span className={styles.caps}>
      {shownKeys(keys).map(key => (
        <KeyCap key={key}>{key}</KeyCap>
      ))}
    </span>
  );
}
