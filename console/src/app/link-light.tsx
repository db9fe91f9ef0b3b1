import { IconRefresh, IconWifi, IconWifiOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { timer, useTranslation } from '@/i18n';
import { useLive, useMyAgent, useSecond } from '@/live';
import { phone, usePhoneChoices } from '@/phone';
import styles from './frame.module.css';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** How the page stands to its server. That a call goes on is said where it is known: the page hears it. */
export function LinkLight() {
  const { t } = useTranslation();
  const link = useLive(live => live.link);
  const agent = useMyAgent();
  const { by } = usePhoneChoices();
  const since = link.state === 'reconnecting' ? link.since : null;
  const inCall = agent?.state === 'talking' || agent?.state === 'held';
  const hears = useHears(since) && inCall;
  const elsewhere = inCall && (by === 'desk' || Boolean(agent.outside));
  const words =
    link.state !== 'reconnecting'
      ? t(`link.${link.state}`)
      : t(hears ? 'link.hintCall' : elsewhere ? 'link.hintElsewhere' : 'link.hint');
  return (
    <div className={styles.link} data-state={link.state} title={words}>
      {link.state === 'connected' ? (
        <IconWifi {...icon} />
      ) : link.state === 'ended' ? (
        <IconWifiOff {...icon} />
      ) : (
        <IconRefresh {...icon} />
      )}
      {since === null ? <span>{words}</span> : <Away since={since} hears={hears} />}
      <span className="only-heard" role="status">
        {words}
      </span>
    </div>
  );
}

function Away({ since, hears }: { since: number; hears: boolean }) {
  const { t } = useTranslation();
  const ahead = useLive(live => live.ahead);
  const now = useSecond() - ahead;
  return <span>{t(hears ? 'link.callGoesOn' : 'link.reconnecting', { time: timer(now - since) })}</span>;
}

/** So often it is looked whether anything comes in, in milliseconds. */
const LOOK = 1_000;

/** Whether audio comes in at this page's phone while the connection is lost, by the time since when it is. */
function useHears(lost: number | null): boolean {
  const [found, setFound] = useState({ lost, hears: false });
  useEffect(() => {
    if (lost === null) return;
    let [before, over]: [number | null, boolean] = [null, false];
    const look = async () => {
      const now = await phone.received().catch(() => null);
      if (over) return;
      setFound({ lost, hears: before !== null && now !== null && now > before });
      before = now;
    };
    void look();
    const timer = setInterval(() => void look(), LOOK);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [lost]);
  return found.hears && found.lost === lost && lost !== null;
}
