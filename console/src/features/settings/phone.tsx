import { Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from '@/i18n';
import { workOutside } from '@/phone';
import styles from './settings.module.css';

/** Where the agent's calls ring. `outside` is what holds now. */
export function PhonePlace({ outside }: { outside: boolean }) {
  const { t } = useTranslation();
  const [changing, setChanging] = useState(false);
  const change = async (wished: boolean) => {
    setChanging(true);
    await workOutside(wished);
    setChanging(false);
  };
  return (
    <div className={styles.fields}>
      <Switch
        label={t('phone.outside')}
        description={t('phone.outsideHint')}
        checked={outside}
        disabled={changing}
        onChange={event => void change(event.currentTarget.checked)}
      />
    </div>
  );
}
