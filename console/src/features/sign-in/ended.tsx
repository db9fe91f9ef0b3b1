import { useTranslation } from '@/i18n';
import { signOut } from '@/session';
import { Button, Stack } from '@/ui';
import { Dialog } from '@/ui/dialog';
import { SignInForm } from './form';
import styles from './sign-in.module.css';

/** Asks whose session has ended for the password. */
export function Ended({ name }: { name: string }) {
  const { t } = useTranslation();
  return (
    <Dialog
      onClose={() => {}}
      title={t('signIn.endedTitle')}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Stack>
        <p className={styles.words}>{t('signIn.endedWords', { name })}</p>
        <SignInForm fixedName={name} />
        <Button kind="quiet" wide onClick={() => void signOut()}>
          {t('signIn.other')}
        </Button>
      </Stack>
    </Dialog>
  );
}
