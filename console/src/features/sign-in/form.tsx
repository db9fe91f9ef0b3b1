import { PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { isFailure } from '@/api';
import { inWords, useTranslation } from '@/i18n';
import { refusedWords } from '@/notices';
import { signIn } from '@/session';
import { Button, Problem } from '@/ui';
import styles from './sign-in.module.css';

/** Name and password. With a name that is fixed it asks for the password alone. */
export function SignInForm({ fixedName }: { fixedName?: string }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const words = (thrown: unknown): string => {
    if (!isFailure(thrown)) return t('signIn.failed', { words: refusedWords(thrown) });
    if (thrown.code === 'wrong_password') return t('signIn.wrong');
    if (thrown.status === 429) return t('signIn.tooMany', { time: inWords(t, thrown.retryAfter ?? 60) });
    if (thrown.code === 'unreachable') return t('signIn.unreachable');
    return t('signIn.failed', { words: refusedWords(thrown) });
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await signIn(fixedName ?? name, password);
    } catch (thrown) {
      setProblem(words(thrown));
      setPassword('');
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className={styles.form} onSubmit={event => void submit(event)}>
      {fixedName === undefined && (
        <TextInput
          label={t('signIn.name')}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
          required
          withAsterisk={false}
          autoFocus
        />
      )}
      <PasswordInput
        label={t('signIn.password')}
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        required
        withAsterisk={false}
        data-autofocus={fixedName !== undefined || undefined}
      />
      {problem !== null && <Problem>{problem}</Problem>}
      <Button type="submit" kind="primary" size="field" wide disabled={busy}>
        {t('signIn.do')}
      </Button>
    </form>
  );
}
