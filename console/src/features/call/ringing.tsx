import { IconPhone, IconPhoneIncoming, IconPhoneX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { Heard, heard, useTranslation } from '@/i18n';
import { holding, shownKeys, useKey, useKeys } from '@/keys';
import {
  type Call,
  queueName,
  serviceName,
  useAgentName,
  useMyAgent,
  useNames,
  usePlaceInLine,
  useSecond,
} from '@/live';
import { ring, usePhoneChoices } from '@/phone';
import { KeyCap } from '@/ui';
import styles from './call.module.css';
import { Figure, Running, useRest, withWhom } from './parts';
import { endedByMe, whoHadIt } from './by-me';
import { type Situation, askedOf, countdown } from './situation';
import { answer, decline, hangUp } from './wishes';
import { given } from './given';

type Ringing = Extract<Situation, { kind: 'ringing' }>;

const ROUND = 2 * Math.PI * 56;

interface RingingProps {
  situation: Ringing;
  place: string;
  /** Who it is, where somebody knows. */
  name: string | null;
}

/** It rings at the agent. */
export function RingingPanel({ situation, place, name }: RingingProps) {
  const { t } = useTranslation();
  const me = useMyAgent();
  const { desk } = useNames();
  const { call, leg } = situation;
  const number = call === null ? '' : withWhom(t, call, me?.key ?? null);
  const who = name ?? number;
  const ringer = usePhoneChoices(state => state.ringer);
  useEffect(() => (leg === null ? undefined : ring(ringer)), [leg, ringer]);
  const inLine = usePlaceInLine(call);
  const asked = askedOf(call, me?.key);
  const asker = useAgentName(asked?.by ?? null);
  const had = call === null ? null : whoHadIt(call.id);
  const title =
    asked !== null
      ? t('call.asksYou', { who: asker })
      : had !== null
        ? t('call.backFrom', { who: had })
        : given(call?.entry)
          ? t('call.ownFirst')
          : t('call.incoming');
  const announced =
    asked !== null
      ? t('call.announceConsult', { who: asker, customer: who })
      : had !== null
        ? t('call.announceBack', { who, from: had })
        : given(call?.queue)
          ? t('call.announceQueue', { who, queue: queueName(desk, call.queue) })
          : t('call.announce', { who });
  return (
    <>
      <div className={styles.top}>
        <IconPhoneIncoming size={18} stroke={1.75} aria-hidden />
        <h2>{title}</h2>
      </div>
      <div className={styles.middle} data-centred>
        <p className="only-heard" role="alert">
          {heard(t, announced)}
        </p>
        <Ring since={situation.since} until={situation.until} />
        <p className={styles.caller}>
          <Heard text={who} />
        </p>
        {(place !== '' || name !== null) && (
          <p className={styles.dim}>
            <Heard text={[name !== null && number, place].filter(Boolean).join(' · ')} />
          </p>
        )}
        {inLine !== null && (
          <p className={styles.dim}>
            {t('call.placeInLine')} <b>{inLine}</b>
          </p>
        )}
        <dl className={styles.figures}>
          {given(call?.queue) && <Figure name={t('call.queue')}>{queueName(desk, call.queue)}</Figure>}
          {given(call?.service) && (
            <Figure name={t('call.service')}>{serviceName(desk, call.service)}</Figure>
          )}
          {given(call?.queued) && (
            <Figure name={t(isOver(call, inLine) ? 'call.inQueue' : 'call.waiting')}>
              <Running
                since={call.queued}
                until={isOver(call, inLine) ? (call.left_line ?? call.connected) : null}
              />
            </Figure>
          )}
        </dl>
        {asked !== null && <p className={styles.dim}>{t('call.declineConsult', { who: asker })}</p>}
        {leg === null && <p className={styles.dim}>{t('call.atPhone')}</p>}
        {situation.outOfRotation && <p className={styles.dim}>{t('call.noAnswer')}</p>}
      </div>
      <Block situation={situation} />
    </>
  );
}

/** Whether the wait is over: whom somebody hands over, or asks about, waits in no line any more. */
const isOver = (call: Call, inLine: string | null) =>
  inLine === null && (given(call.left_line) || given(call.connected));

function Ring({ since, until }: { since: number | null; until: number | null }) {
  const { t } = useTranslation();
  const left = countdown(since, until, useSecond());
  if (left === null) return null;
  return (
    <div className={styles.ring} data-late={left.seconds <= 5 || undefined}>
      <svg viewBox="0 0 120 120" aria-hidden>
        <circle cx="60" cy="60" r="56" />
        <circle cx="60" cy="60" r="56" strokeDasharray={ROUND} strokeDashoffset={ROUND * (1 - left.part)} />
      </svg>
      <p>
        <strong>{left.seconds}</strong> {t('call.seconds')}
      </p>
    </div>
  );
}

function Block({ situation: { leg, call } }: { situation: Ringing }) {
  const { t } = useTranslation();
  const changed = useKeys(state => state.changed);
  const rests = useRest(leg ?? call?.id ?? '');
  const accepted = useRef<string | null>(null);
  const accept = () => {
    if (leg === null || rests || accepted.current === leg) return;
    accepted.current = leg;
    void answer(leg).then(done => {
      if (!done) accepted.current = null;
    });
  };
  const end = () => {
    if (rests) return;
    if (call !== null) endedByMe(call.id);
    if (leg !== null) void decline(leg);
    else if (given(call?.entry)) void hangUp(null, call);
  };
  useKey('callFirst', accept);
  useKey('hangUp', end);
  const keys = (name: 'callFirst' | 'hangUp') => shownKeys(holding(changed)[name]).join(' ');
  return (
    <div className={styles.block} data-rests={rests || undefined}>
      {leg !== null && (
        <button type="button" className={styles.accept} onClick={accept}>
          <IconPhone size={22} stroke={1.75} aria-hidden />
          {t('call.accept')} <KeyCap>{keys('callFirst')}</KeyCap>
        </button>
      )}
      {(leg !== null || given(call?.entry)) && (
        <button type="button" className={styles.decline} onClick={end}>
          <IconPhoneX size={20} stroke={1.75} aria-hidden />
          {leg !== null ? t('call.decline') : t('call.cancel')}
        </button>
      )}
    </div>
  );
}
