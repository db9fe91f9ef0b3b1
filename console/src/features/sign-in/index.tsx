import { type ReactNode, Suspense, lazy } from 'react';
import { useTranslation } from '@/i18n';
import { useSession } from '@/session';
import { Mark } from '@/ui';
import { SignInForm } from './form';
import styles from './sign-in.module.css';

const Ended = lazy(() => import('./ended').then(module => ({ default: module.Ended })));

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
  const session = useSession(state => state.session);
  if (session.state !== 'ended') return null;
  return (
    <Suspense fallback={null}>
      <Ended name={session.person.name} />
    </Suspense>
  );
}
