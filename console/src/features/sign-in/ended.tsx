import { useState } from 'react';
import { useTranslation } from '@/i18n';
import { isBarred, useLive } from '@/live';
import { hasDrafts, signOut } from '@/session';
import { Actions, Button, Problem, Stack } from '@/ui';
import { Dialog } from '@/ui/dialog';
import { SignInForm } from './form';
import styles from './sign-in.module.css';

/** Asks whose session has ended for the password; who is disabled or removed learns that nobody takes it. */
export function Ended({ name }: { name: string }) {
  const { t } = useTranslation();
  const [leaving, setLeaving] = useState(false);
  const barred = useLive(isBarred);
  return (
    <Dialog
      onClose={() => {}}
      title={t(barred ? 'signIn.barredTitle' : 'signIn.endedTitle')}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      {leaving ? <Leaving name={name} onBack={() => setLeaving(false)} /> : null}
      {/* Who goes back finds the password as it was typed. */}
      <div hidden={leaving}>
        <Stack>
          {barred ? (
            <Barred name={name} />
          ) : (
            <>
              <p className={styles.words}>{t('signIn.endedWords', { name })}</p>
              <SignInForm fixedName={name} />
            </>
          )}
          <Another onAsk={() => setLeaving(true)} />
        </Stack>
      </div>
    </Dialog>
  );
}

/** Nobody signs in as this person until an administrator says so; then they go on here. */
function Barred({ name }: { name: string }) {
  const { t } = useTranslation();
  const [again, setAgain] = useState(false);
  return (
    <>
      <p className={styles.words}>{t('signIn.barredWords', { name })}</p>
      {again ? (
        <SignInForm fixedName={name} />
      ) : (
        <Button size="field" wide onClick={() => setAgain(true)}>
          {t('signIn.barredAgain')}
        </Button>
      )}
    </>
  );
}

/** Logs out, so that somebody else can sign in here: at once where nothing is lost by that, else after a question. */
function Another({ onAsk }: { onAsk: () => void }) {
  const { t } = useTranslation();
  const [failed, leave] = useLeave();
  return (
    <>
      {failed && <Problem>{t('signIn.unreachable')}</Problem>}
      <Button kind="quiet" wide onClick={() => (hasDrafts() ? onAsk() : leave())}>
        {t('signIn.other')}
      </Button>
    </>
  );
}

/** What is lost, before it is. */
function Leaving({ name, onBack }: { name: string; onBack: () => void }) {
  const { t } = useTranslation();
  const [failed, leave] = useLeave();
  return (
    <>
      <p className={styles.words} role="alert">
        {t('signIn.otherLoses', { name })}
      </p>
      {failed && <Problem>{t('signIn.unreachable')}</Problem>}
      <Actions>
        <Button ref={focusOnce} onClick={onBack}>
          {t('signIn.otherNot', { name })}
        </Button>
        <Button kind="danger" onClick={leave}>
          {t('signIn.otherDo')}
        </Button>
      </Actions>
    </>
  );
}

function focusOnce(button: HTMLButtonElement | null): void {
  button?.focus();
}

function useLeave(): [boolean, () => void] {
  const [failed, setFailed] = useState(false);
  return [failed, () => void signOut().catch(() => setFailed(true))];
}
