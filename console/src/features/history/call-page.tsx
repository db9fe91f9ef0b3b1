import '@/i18n/past';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconArrowLeft, IconPhone } from '@tabler/icons-react';
import { type ReactNode, Suspense, lazy } from 'react';
import { Failure } from '@/api';
import { callBack, mayCall } from '@/entries';
import {
  Heard,
  clock,
  fully,
  heard,
  isHidden,
  phoneNumber,
  timer,
  useLanguage,
  useTranslation,
} from '@/i18n';
import { agentName, dispositionName, queueName, serviceName, useLive, useNames } from '@/live';
import { type Leg, type PastCall, fetchCall } from '@/past';
import { dialledWith, outcome, partyName, useOutside } from '@/past/words';
import { useRedial } from '@/phone';
import { messageOf, recordingOf } from '@/playback';
import { HeardBy } from '@/playback/heard-by';
import { Button, Empty, useTitle } from '@/ui';
import styles from './history.module.css';
import { about, hungUpBy } from './words';

const Player = lazy(() => import('@/playback/player'));

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** One call that is over, leg by leg. */
export function CallPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['past-call', id],
    queryFn: () => fetchCall(id),
    retry: (count, problem) => count < 3 && !(problem instanceof Failure && problem.status === 404),
  });
  const call = query.data;
  useTitle(useOutside(call));
  return (
    <div className={styles.page}>
      <Link to="/history" className={styles.back}>
        <IconArrowLeft size={16} stroke={1.75} aria-hidden />
        {t('past.back')}
      </Link>
      {call !== undefined ? (
        <Shown call={call} />
      ) : query.isPending ? (
        <Empty page title={t('page.loading')} words="" />
      ) : query.error instanceof Failure && query.error.status === 404 ? (
        <Empty page title={t('past.notFound')} words={t('past.notFoundWords')} />
      ) : (
        <Empty page title={t('past.loadFailed')} words={t('past.loadFailedWords')}>
          <Button onClick={() => void query.refetch()}>{t('list.retry')}</Button>
        </Empty>
      )}
    </div>
  );
}

function Shown({ call }: { call: PastCall }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  return (
    <>
      <header className={styles.callHead}>
        <h1>
          <Heard text={useOutside(call)} />
        </h1>
        <span className={styles.quiet}>
          {about(t, desk, call)} · {outcome(t, call)}
        </span>
        <Again call={call} />
      </header>
      <Facts call={call} />
      {call.stays.length > 0 && (
        <section className={styles.part}>
          <h2>{t('past.stays')}</h2>
          <ol className={styles.lines}>
            {call.stays.map(stay => (
              <li key={stay.from}>
                <Moment at={stay.from} />
                <b>{t('past.ofQueue', { queue: queueName(desk, stay.queue) })}</b>
                <span className={styles.quiet}>
                  {t('past.waitedFor', { time: timer(stay.to - stay.from) })}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <section className={styles.part}>
        <h2>{t('past.legs')}</h2>
        <ol className={styles.lines}>
          {call.legs.map((leg, place) => (
            // Two legs may begin in one moment; their order never changes.
            <LegLine key={place} leg={leg} ended={call.ended} />
          ))}
        </ol>
      </section>
      <Recorded call={call} />
      {call.note !== '' && (
        <section className={styles.part}>
          <h2>{t('past.note')}</h2>
          <p className={styles.note}>{call.note}</p>
        </section>
      )}
    </>
  );
}

/** Calls the customer back by the entry while that is open, else by the number, where the viewer may see it. */
function Again({ call }: { call: PastCall }) {
  const { t } = useTranslation();
  const me = useLive(live => live.me?.agent ?? null);
  const entry = useLive(live => (call.entry === null ? undefined : live.entries.get(call.entry)));
  const redial = useRedial();
  const { number, service } = call;
  const who = useOutside(call);
  if (entry !== undefined && mayCall(entry, me)) {
    return (
      <Button
        kind="primary"
        className={styles.again}
        icon={<IconPhone {...icon} />}
        aria-label={t('do.callBackWho', { who: heard(t, who) })}
        onClick={() => void callBack(entry)}
      >
        {t('do.callBack')}
      </Button>
    );
  }
  if (redial === null || number === null || isHidden(number)) return null;
  return (
    <Button className={styles.again} icon={<IconPhone {...icon} />} onClick={() => redial(number, service)}>
      {t('phone.redial', { number: who })}
    </Button>
  );
}

/** What the caller said to the machine, and what was recorded of the conversation. */
function Recorded({ call }: { call: PastCall }) {
  const { t } = useTranslation();
  const entry = useLive(live => (call.entry === null ? undefined : live.entries.get(call.entry)));
  return (
    <>
      {call.messages.length > 0 && (
        <section className={styles.part}>
          <h2>{t('entry.messages')}</h2>
          <ul className={styles.lines}>
            {call.messages.map((message, place) => (
              <li key={message}>
                <Suspense fallback={null}>
                  <Player
                    sound={messageOf(message, call.entry)}
                    name={t('entry.messageN', { n: place + 1 })}
                  />
                </Suspense>
                {entry !== undefined && <HeardBy entry={entry} sound={messageOf(message, entry.id)} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      {call.recordings.length > 0 && (
        <section className={styles.part}>
          <h2>{t('past.recordings')}</h2>
          <ul className={styles.lines}>
            {call.recordings.map(one => (
              <li key={one.recording}>
                <Moment at={one.at} />
                <Suspense fallback={null}>
                  <Player sound={recordingOf(one.recording)} name={agentName(one.agent)} />
                </Suspense>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Facts({ call }: { call: PastCall }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const desk = useNames(names => names.desk);
  const facts: [string, ReactNode][] = [
    [t('past.began'), fully(language, call.began)],
    [t('past.whole'), timer(call.ended - call.began)],
  ];
  if (call.number !== null)
    facts.push([t('entry.number'), <Heard key="n" text={phoneNumber(call.number)} />]);
  if (call.called !== null) facts.push([t('past.called'), phoneNumber(call.called)]);
  if (call.service !== null) facts.push([t('past.service'), serviceName(desk, call.service)]);
  if (call.waited > 0) facts.push([t('past.waited'), timer(call.waited)]);
  if (call.talked > 0) facts.push([t('past.length'), timer(call.talked)]);
  if (call.held > 0) facts.push([t('past.held'), timer(call.held)]);
  if (call.result !== null && call.direction === 'out')
    facts.push([t('past.dialledWith'), dialledWith(t, call)]);
  const hungUp = hungUpBy(t, call);
  if (hungUp !== null) facts.push([t('past.hungUp'), hungUp]);
  if (call.flows.length > 0) facts.push([t('past.flows'), call.flows.join(' → ')]);
  if (call.path.length > 0) facts.push([t('past.path'), call.path.join(' → ')]);
  if (call.disposition !== null) facts.push([t('past.disposition'), dispositionName(desk, call.disposition)]);
  const served = (call.served ?? []).filter(entry => entry !== call.entry);
  for (const entry of call.entry === null ? served : [call.entry, ...served]) {
    facts.push([
      t(entry === call.entry ? 'past.entry' : 'past.served'),
      <Link key={entry} to="/list/$entry" params={{ entry }}>
        {t('past.openEntry')}
      </Link>,
    ]);
  }
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value], place) => (
        <div key={`${name} ${place}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Moment({ at }: { at: number }) {
  const language = useLanguage();
  return (
    <time dateTime={new Date(at).toISOString()} title={fully(language, at)}>
      {clock(language, at)}
    </time>
  );
}

/** Since when, who, and for how long they talked or why they did not. */
function LegLine({ leg, ended }: { leg: Leg; ended: number }) {
  const { t } = useTranslation();
  const words =
    leg.answered !== null
      ? t('past.onTheLine', { time: timer((leg.ended ?? ended) - leg.answered) })
      : leg.why !== null
        ? t(`past.unanswered.${leg.why}`)
        : t('past.unanswered.none');
  return (
    <li>
      <Moment at={leg.began} />
      <b>
        <Heard text={partyName(t, leg.party)} />
      </b>
      <span className={styles.quiet}>{words}</span>
    </li>
  );
}
