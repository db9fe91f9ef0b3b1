import { type ReactNode, useEffect, useState } from 'react';
import { useLanguage, useTranslation } from '@/i18n';
import { useLive, useMyAgent } from '@/live';
import { beginPhone, useAnswerAsked } from '@/phone';
import { PhoneBanner } from './banner';
import styles from './call.module.css';
import { IdlePanel } from './idle';
import { Figure, Running } from './parts';
import { usePlace } from './place';
import { LinePanel } from './line';
import { RingingPanel } from './ringing';
import { type Situation, situationOf } from './situation';
import { beginToTellOfCalls } from './tell';
import { InCallBlock, InCallFacts, InCallTop, type Open } from './talking';
import { answer } from './wishes';

export { situationOf } from './situation';

export interface CallPanelProps {
  /** What stands in the middle of the panel during and after a call: the note and what becomes of the call. */
  after?: ReactNode;
  /** What stands at the bottom of the panel once the call is over: how long there is time, and the buttons. */
  finish?: ReactNode;
  /** The note of a call that is over is being written, so that it stays though nothing asks for it any more. */
  writing?: boolean;
  /** What stands above the keys to dial: what is still to be done. */
  items?: ReactNode;
  /** The name of whom the call is with, where somebody knows it. */
  name?: string | null;
}

/** The agent's phone: what rings, the call in hand, or the keys to dial. */
export function CallPanel({ after, finish, writing = false, items, name = null }: CallPanelProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const agent = useMyAgent();
  const calls = useLive(live => live.calls);
  const own = useLive(live => live.phone);
  useEffect(() => beginPhone(), []);
  useEffect(() => beginToTellOfCalls(), []);
  const situation = situationOf(agent, own, calls);
  const rings = situation.kind === 'ringing' ? situation : null;
  const place = usePlace(rings?.call?.number ?? null, language);
  useAnswerAsked(rings?.call?.id ?? null, rings?.leg ?? null, answer);
  return (
    <section className={styles.panel} aria-label={t('phone.title')} data-call={situation.kind}>
      <PhoneBanner />
      {situation.kind === 'ringing' && (
        <RingingPanel
          key={situation.leg ?? situation.call?.id}
          situation={situation}
          name={name}
          place={place}
        />
      )}
      {(situation.kind === 'talking' ||
        situation.kind === 'calling' ||
        situation.kind === 'wrap_up' ||
        (situation.kind === 'idle' && writing)) && (
        <Written situation={situation} after={after} finish={finish} name={name} />
      )}
      {situation.kind === 'line' && <LinePanel leg={situation.leg} busy={situation.busy} />}
      {situation.kind === 'idle' && !writing && <IdlePanel items={items} />}
    </section>
  );
}

interface WrittenProps extends Pick<CallPanelProps, 'after' | 'finish'> {
  situation: Exclude<Situation, { kind: 'ringing' | 'line' }>;
  name: string | null;
}

/**
 * A call and its note. The note stands in one place from the answer until it is done, so that nobody who types loses the field
 * when the customer hangs up or the time for it is over.
 */
function Written({ situation, after, finish, name }: WrittenProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState<{ of: string; what: Open }>({ of: '', what: null });
  const inCall = situation.kind === 'talking' || situation.kind === 'calling' ? situation : null;
  const of = inCall === null ? '' : (inCall.leg ?? inCall.call?.id ?? '');
  const open = opened.of === of ? opened.what : null;
  const setOpen = (what: Open) => setOpened({ of, what });
  return (
    <>
      {inCall === null ? (
        <div className={styles.top}>
          <h2>{t(situation.kind === 'wrap_up' ? 'state.wrap_up' : 'call.note')}</h2>
        </div>
      ) : (
        <InCallTop situation={inCall} name={name} />
      )}
      <div className={styles.middle}>
        {inCall !== null && (
          <InCallFacts key={of} situation={inCall} open={open} setOpen={setOpen} name={name} />
        )}
        {situation.kind === 'wrap_up' && !after && (
          <dl className={styles.figures}>
            <Figure name={t('state.wrap_up')}>
              <Running since={situation.since} />
            </Figure>
          </dl>
        )}
        <div className={styles.after} hidden={open !== null}>
          {after}
        </div>
      </div>
      {inCall === null ? finish : <InCallBlock key={of} situation={inCall} open={open} setOpen={setOpen} />}
    </>
  );
}
