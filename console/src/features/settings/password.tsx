import { Checkbox, PasswordInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { api, isFailure, need } from '@/api';
import { inWords, useTranslation } from '@/i18n';
import { type Saying, refusedWords, say } from '@/notices';
import { Button } from '@/ui';
import styles from './settings.module.css';

/** The shortest password that the server takes. */
const SHORTEST = 10;

/** One's own password. */
export function Password() {
  const { t } = useTranslation();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [endTokens, setEndTokens] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: 'old' | 'new'; words: Saying } | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await need(api.PUT('/api/session/password', { body: { old, new: next, end_tokens: endTokens } }));
      setOld('');
      setNext('');
      say({ id: 'password', kind: 'done', title: t => t('settings.changed') });
    } catch (thrown) {
      if (isFailure(thrown, 'wrong_password'))
        setProblem({ field: 'old', words: t => t('settings.wrongOld') });
      else if (isFailure(thrown) && thrown.status === 429) {
        setProblem({
          field: 'old',
          words: t => t('signIn.tooMany', { time: inWords(t, thrown.retryAfter ?? 60) }),
        });
      } else {
        setProblem({ field: 'new', words: () => refusedWords(thrown) });
      }
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className={styles.fields} onSubmit={event => void submit(event)}>
      <PasswordInput
        className={styles.field}
        label={t('settings.old')}
        autoComplete="current-password"
        value={old}
        error={problem?.field === 'old' && problem.words(t)}
        onChange={event => setOld(event.currentTarget.value)}
      />
      <PasswordInput
        className={styles.field}
        label={t('settings.new')}
        description={t('settings.newHint')}
        autoComplete="new-password"
        value={next}
        error={problem?.field === 'new' && problem.words(t)}
        onChange={event => setNext(event.currentTarget.value)}
      />
      <Checkbox
        label={t('settings.endTokens')}
        checked={endTokens}
        onChange={event => setEndTokens(event.currentTarget.checked)}
      />
      <Button type="submit" disabled={busy || old === '' || next.length < SHORTEST}>
        {t('settings.change')}
      </Button>
    </form>
  );
}
