import { IconAlertTriangle } from '@tabler/icons-react';
import { timer, useTranslation } from '@/i18n';
import { isBarred, useLive, useMyAgent, useSecond } from '@/live';
import { choosePhone, phone, usePhone, usePhoneChoices, workOutside } from '@/phone';
import { CALL_WAITS } from '@/phone/readiness';
import { Button } from '@/ui';
import styles from './call.module.css';

/** How the phone stands, where it does not ring here, and what to do about it. */
export function PhoneBanner() {
  const { t } = useTranslation();
  const { by } = usePhoneChoices();
  const { state, problem, lostSince } = usePhone();
  const agent = useMyAgent();
  const ended = useLive(live => live.link.state === 'ended');
  const barred = useLive(isBarred);
  const extension = agent?.extension ?? '';
  const browser = () => {
    choosePhone({ by: 'browser' });
    void phone.open();
  };
  if (agent?.outside) {
    return (
      <Banner words={t('phone.outsideWords')}>
        <Button onClick={() => void workOutside(false)}>{t('phone.useInside')}</Button>
      </Banner>
    );
  }
  if (by === 'desk') {
    return (
      <Banner words={t('phone.deskWords', { extension })}>
        <Button onClick={browser}>{t('phone.useBrowser')}</Button>
      </Banner>
    );
  }
  const desk = <Button onClick={() => choosePhone({ by: 'desk' })}>{t('phone.useDesk')}</Button>;
  const open = <Button onClick={() => void phone.open()}>{t('phone.use')}</Button>;
  switch (state) {
    case 'ready':
      return problem === null ? null : <Banner warns words={t(`phone.${problem}`)} />;
    case 'connecting':
      return <Banner words={t('phone.connecting')} />;
    case 'lost':
      return (
        // Without a sign-in nothing is tried.
        <Banner warns words={barred ? t('phone.barred') : <Lost since={lostSince} />}>
          {!ended && problem !== null && <p>{t(`phone.${problem}`)}</p>}
          {!ended && <Button onClick={() => phone.hurry()}>{t('phone.again')}</Button>}
          {!ended && problem === 'udp' && desk}
        </Banner>
      );
    case 'elsewhere':
      return (
        <Banner words={t('phone.elsewhere')}>
          <Button onClick={() => phone.takeOver()}>{t('phone.takeOver')}</Button>
        </Banner>
      );
    case 'refused':
      return (
        <Banner warns words={t(`phone.${problem ?? 'missing'}`)}>
          {problem !== 'insecure' && open}
          {desk}
        </Banner>
      );
    case 'off':
      return (
        <Banner words={t(problem === 'unavailable' ? 'phone.unavailable' : 'phone.off')}>
          {problem !== 'unavailable' && open}
          {desk}
        </Banner>
      );
  }
}

function Lost({ since }: { since: number | null }) {
  const { t } = useTranslation();
  const ahead = useLive(live => live.ahead);
  // Both by our own clock.
  const now = useSecond() - ahead;
  const length = now - (since ?? now);
  return <>{t(length < CALL_WAITS ? 'phone.lost' : 'phone.lostOver', { time: timer(length) })}</>;
}

interface BannerProps {
  words: React.ReactNode;
  warns?: boolean;
  children?: React.ReactNode;
}

function Banner({ words, warns = false, children }: BannerProps) {
  return (
    <div className={styles.banner} data-warns={warns || undefined} role="status">
      <p>
        {warns && <IconAlertTriangle size={16} stroke={1.75} aria-hidden />}
        {words}
      </p>
      {children !== undefined && <div className={styles.choices}>{children}</div>}
    </div>
  );
}
