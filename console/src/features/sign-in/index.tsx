import { type ReactNode } from 'react';
import { useTranslation } from '@/i18n';
import { signOut, useSession } from '@/session';
import { Button, Dialog, Mark, Stack } from '@/ui';
import { SignInForm } from './form';
import styles from './sign-in.module.css';

/** The page before anybody has signed in. `choices` are language and theme. */
export function SignInPage({ choices }: { choices: ReactNode }) {
  const { t } = useTranslation();
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Mark size={28} />
          {t('app.name')}
        </div>
        <h1 className="only-heard">{t('signIn.title')}</h1>
        <SignInForm />
        <div className={styles.foot}>{choices}</div>
      </div>
    </main>
  );
}

/** Over the page whose session has ended: what was typed stays below it. */
export function SessionEnded() {
  const { t } = useTranslation();
  const session = useSession(state => state.session);
  if (session.state !== 'ended') return null;
  return (
    <Dialog
      onClose={() => {}}
      title={t('signIn.endedTitle')}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <p className={styles.words}>{t('signIn.endedWords', { name: session.person.name })}</p>
        <SignInForm fixedName={session.person.name} />
        <Button kind="quiet" wide onClick={() => void signOut()}>
          {t('signIn.other')}
        </Button>
      </Stack>
    </Dialog>
  );
}
