import { IconRefresh, IconWifi, IconWifiOff } from '@tabler/icons-react';
import { timer, useTranslation } from '@/i18n';
import { type Link, useLive, useSecond } from '@/live';
import styles from './frame.module.css';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** How the page stands to its server. Calls do not run through the page, which is said where it matters. */
export function LinkLight() {
  const { t } = useTranslation();
  const link = useLive(live => live.link);
  const shape =
    link.state === 'connected' ? (
      <IconWifi {...icon} />
    ) : link.state === 'ended' ? (
      <IconWifiOff {...icon} />
    ) : (
      <IconRefresh {...icon} />
    );
  const short = link.state === 'reconnecting' ? null : t(`link.${link.state}`);
  return (
    <div
      className={styles.link}
      data-state={link.state}
      title={link.state === 'reconnecting' ? t('link.hint') : (short ?? '')}
    >
      {shape}
      {link.state === 'reconnecting' ? <Away link={link} /> : <span>{short}</span>}
      <span className="only-heard" role="status">
        {link.state === 'reconnecting' ? t('link.hint') : short}
      </span>
    </div>
  );
}

function Away({ link }: { link: Link & { state: 'reconnecting' } }) {
  const { t } = useTranslation();
  const ahead = useLive(live => live.ahead);
  const now = useSecond() - ahead;
  return <span>{t('link.callsGoOn', { time: timer(now - link.since) })}</span>;
}
