import { Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, need } from '@/api';
import { phoneNumber, useTranslation } from '@/i18n';
import { workOutside } from '@/phone';
import styles from './settings.module.css';

/** Where the agent's calls ring. `outside` is what holds now. */
export function PhonePlace({ outside }: { outside: boolean }) {
  const { t } = useTranslation();
  const own = useQuery({ queryKey: ['own-outside'], queryFn: () => need(api.GET('/api/me/outside')) });
  const number = own.data?.number ?? null;
  // What was asked for and is not answered yet: the switch shows it at once, and can be turned back meanwhile.
  const [wished, setWished] = useState<boolean | null>(null);
  const last = useRef<boolean | null>(null);
  const change = async (wish: boolean) => {
    const changing = last.current !== null;
    last.current = wish;
    setWished(wish);
    if (changing) return;
    // One after the other: the last wish is what holds in the end.
    for (let asked: boolean | null = null; last.current !== null && asked !== last.current;) {
      asked = last.current;
      if (!(await workOutside(asked))) break;
    }
    last.current = null;
    setWished(null);
  };
  return (
    <div className={styles.fields}>
      <Switch
        label={number === null ? t('phone.outside') : t('phone.outsideAt', { number: phoneNumber(number) })}
        description={t('phone.outsideHint')}
        checked={wished ?? outside}
        onChange={event => void change(event.currentTarget.checked)}
      />
    </div>
  );
}
