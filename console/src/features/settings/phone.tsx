import { Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, need } from '@/api';
import { phoneNumber, useTranslation } from '@/i18n';
import { workOutside } from '@/phone';
import styles from './settings.module.css';

/** So long the switch shows what was done before the live line has told of it, in milliseconds. */
const TOLD_WITHIN = 3_000;

/** Where the agent's calls ring. `outside` is what holds now. */
export function PhonePlace({ outside }: { outside: boolean }) {
  const { t } = useTranslation();
  const own = useQuery({ queryKey: ['own-outside'], queryFn: () => need(api.GET('/api/me/outside')) });
  const number = own.data?.number ?? null;
  // What was asked for and is not told of yet: the switch shows it at once, and can be turned back meanwhile.
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
      if (!(await workOutside(asked))) {
        setWished(null);
        break;
      }
    }
    last.current = null;
    setAnswered(count => count + 1);
  };
  const [answered, setAnswered] = useState(0);
  const isTold = wished === outside;
  useEffect(() => {
    if (last.current !== null) return;
    const timer = setTimeout(() => setWished(null), isTold ? 0 : TOLD_WITHIN);
    return () => clearTimeout(timer);
  }, [answered, isTold]);
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
