import { type ReactNode, useEffect } from 'react';
import { useLanguage, useTranslation } from '@/i18n';
import { useLive, useMyAgent } from '@/live';
import { beginPhone, wasAskedHere } from '@/phone';
import { PhoneBanner } from './banner';
import styles from './call.module.css';
import { IdlePanel } from './idle';
import { Figure, Running } from './parts';
import { placeOf } from './place';
import { beginRecent } from './recent';
import { RingingPanel } from './ringing';
import { situationOf } from './situation';
import { InCallPanel } from './talking';
import { answer } from './wishes';

export interface CallPanelProps {
  /** What stands in the middle of the panel during and after a call: the note and what becomes of the call. */
  after?: ReactNode;
}

/** The agent's phone: what rings, the call in hand, or the keys to dial. */
export function CallPanel({ after }: CallPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const agent = useMyAgent();
  const calls = useLive(live => live.calls);
  const own = useLive(live => live.phone);
  useEffect(() => beginPhone(), []);
  useEffect(() => beginRecent(), []);
  const situation = situationOf(agent, own, calls);
  const rings = situation.kind === 'ringing' ? situation : null;
  const [leg, call] = [rings?.leg ?? null, rings?.call?.id ?? null];
  useEffect(() => {
    if (leg !== null && call !== null && wasAskedHere(call)) void answer(leg);
  }, [leg, call]);
  return (
    <section className={styles.panel} aria-label={t('phone.title')} data-call={situation.kind}>
      <PhoneBanner />
      {situation.kind === 'ringing' && (
        <RingingPanel
          key={situation.leg ?? situation.call?.id}
          situation={situation}
          place={placeOf(situation.call?.number ?? null, language)}
        />
      )}
      {(situation.kind === 'talking' || situation.kind === 'calling') && (
        <InCallPanel key={situation.leg ?? situation.call?.id} situation={situation} after={after} />
      )}
      {situation.kind === 'wrap_up' && (
        <>
          <div className={styles.top}>
            <h2>{t('state.wrap_up')}</h2>
          </div>
          <div className={styles.middle}>
            <dl className={styles.figures}>
              <Figure name={t('state.wrap_up')}>
                <Running since={situation.since} />
              </Figure>
            </dl>
            {after}
          </div>
        </>
      )}
      {situation.kind === 'idle' && <IdlePanel />}
    </section>
  );
}
