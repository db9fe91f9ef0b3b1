import '@/i18n/today';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconPhone, IconPhoneCall, IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, isFailure, need } from '@/api';
import { callBack, mayCall, useWho } from '@/entries';
import { Heard, breakWords, clock, heard, span, timer, useLanguage, useTranslation } from '@/i18n';
import { type AgentState, useLive, useMyAgent, useSecond } from '@/live';
import { outcome, useOutside } from '@/past/words';
import { Button, Empty, useTitle } from '@/ui';
import sheet from '@/ui/sheet.module.css';
import { type CallOfDay, type Today, grown, known } from './day';
import styles from './today.module.css';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** What is shown is never older than this, in milliseconds. */
const FRESH = 30_000;

const fetchToday = async () => (await need(api.GET('/api/me/today'))) as unknown as Today;

/** What the viewer has done today: calls, time by state, promises, what is in hand. */
export function TodayPage() {
  const { t } = useTranslation();
  useTitle(t('app.today'));
  return (
    <>
      <header className={sheet.head}>
        <h1>{t('app.today')}</h1>
      </header>
      {/* It scrolls, also where nothing in it can have the focus. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.page} role="region" aria-label={t('app.today')} tabIndex={0}>
        <Loaded />
      </div>
    </>
  );
}

function Loaded() {
  const { t } = useTranslation();
  const me = useMyAgent();
  const query = useQuery({
    // Whoever signs in or out, or comes out of a call, sees it at once.
    queryKey: ['today', me?.state],
    queryFn: fetchToday,
    placeholderData: before => before,
    refetchInterval: FRESH,
    refetchOnWindowFocus: 'always',
    retry: (count, problem) => count < 2 && !isFailure(problem, 'no_agent'),
  });
  if (query.isPending) return <Empty title={t('today.loading')} words="" />;
  if (query.data === undefined) {
    return isFailure(query.error, 'no_agent') ? (
      <Empty title={t('today.noAgent')} words={t('today.noAgentWords')} />
    ) : (
      <Empty title={t('today.failed')} words={t('today.failedWords')}>
        <Button onClick={() => void query.refetch()}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  return <Shown day={query.data} />;
}

function Shown({ day }: { day: Today }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const grew = grown(day, useSecond());
  const { calls, promises } = day;
  const due = promises.kept + promises.late;
  const talked = grew.states
    .filter(({ state }) => state === 'talking' || state === 'held')
    .reduce((all, { length }) => all + length, 0);
  return (
    <>
      {!known(day.signed_in_at) ? (
        <Empty title={t('today.notYet')} words={t('today.notYetWords')} />
      ) : (
        <p className={styles.since}>
          {t('today.since', { time: clock(language, day.signed_in_at) })}
          {day.counted_from > day.from && ` · ${t('today.cut', { time: clock(language, day.counted_from) })}`}
        </p>
      )}
      <dl className={styles.tiles}>
        <Tile name={t('today.taken')} value={calls.taken} />
        <Tile name={t('today.made')} value={calls.made} />
        <Tile name={t('today.callbacks')} value={calls.callbacks} />
        <Tile name={t('today.notAnswered')} value={calls.not_answered} />
        <Tile name={t('today.declined')} value={calls.declined} />
        <Tile name={t('today.talked')} value={timer(talked)} />
        <Tile name={t('today.signedIn')} value={timer(grew.signedIn)} />
        <Tile
          name={t('today.promises')}
          value={due === 0 ? t('today.noPromises') : t('today.ofAll', { kept: promises.kept, all: due })}
          quiet={due === 0}
        />
      </dl>
      <Times states={grew.states} />
      <Breaks breaks={grew.breaks} />
      <Claims claims={day.claims} />
      <LastCalls day={day} />
    </>
  );
}

function Tile({ name, value, quiet = false }: { name: string; value: ReactNode; quiet?: boolean }) {
  return (
    <div className={styles.tile} data-quiet={quiet || undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Part({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h2>
        {title}
        {more}
      </h2>
      {children}
    </section>
  );
}

function Times({ states }: { states: readonly { state: AgentState; length: number }[] }) {
  const { t } = useTranslation();
  const whole = states.reduce((all, { length }) => all + length, 0);
  if (whole === 0) return null;
  const words = (state: AgentState, length: number) => `${t(`state.${state}`)} ${span(t, length)}`;
  const parts = states.map(({ state, length }) => words(state, length)).join(', ');
  return (
    <Part title={t('today.times')}>
      <div className={styles.bar} role="img" aria-label={t('today.timesOf', { parts })}>
        {states.map(({ state, length }) => (
          <span key={state} data-state={state} title={words(state, length)} style={{ flexGrow: length }} />
        ))}
      </div>
      <ul className={styles.legend}>
        {states.map(({ state, length }) => (
          <li key={state}>
            <i data-state={state} aria-hidden />
            {t(`state.${state}`)} <b>{span(t, length)}</b>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Breaks({ breaks }: { breaks: readonly { reason: string; length: number }[] }) {
  const { t } = useTranslation();
  return (
    <Part title={t('today.breaks')}>
      {breaks.length === 0 && <p className={styles.quiet}>{t('today.noBreaks')}</p>}
      <ul className={styles.legend}>
        {breaks.map(({ reason, length }) => (
          <li key={reason}>
            {reason === '' ? t('today.otherBreak') : breakWords(t, reason)} <b>{span(t, length)}</b>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Claims({ claims }: { claims: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <Part title={t('today.claims')}>
      {claims.length === 0 && <p className={styles.quiet}>{t('today.noClaims')}</p>}
      <ul className={styles.lines}>
        {claims.map(id => (
          <Claim key={id} id={id} />
        ))}
      </ul>
    </Part>
  );
}

function Claim({ id }: { id: string }) {
  const { t } = useTranslation();
  const entry = useLive(live => live.entries.get(id));
  const me = useLive(live => live.me?.agent ?? null);
  // The live list is quicker than the next look at the day.
  const who = useWho(entry);
  if (entry === undefined) return null;
  return (
    <li>
      <Link to="/list/$entry" params={{ entry: id }} className={styles.who}>
        <Heard text={who} />
      </Link>
      {mayCall(entry, me) && (
        <Button
          size="row"
          icon={<IconPhone {...icon} />}
          aria-label={t('do.callBackWho', { who: heard(t, who) })}
          onClick={() => void callBack(entry)}
        >
          {t('do.callBack')}
        </Button>
      )}
    </li>
  );
}

function LastCalls({ day }: { day: Today }) {
  const { t } = useTranslation();
  const all = (
    <Link to="/history" search={{ agent: day.agent }} className={styles.all}>
      {t('today.allCalls')}
    </Link>
  );
  return (
    <Part title={t('today.last')} more={day.last.length > 0 && all}>
      {day.last.length === 0 && <p className={styles.quiet}>{t('today.noCalls')}</p>}
      <ul className={styles.lines}>
        {day.last.map(call => (
          <li key={call.call}>
            <LastCall call={call} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** As the history tells it: when, with whom, and what came of it. */
function LastCall({ call }: { call: CallOfDay }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const who = useOutside(call);
  return (
    <>
      <time dateTime={new Date(call.began).toISOString()}>{clock(language, call.began)}</time>
      {call.direction === 'in' ? (
        <IconPhoneIncoming {...icon} />
      ) : call.direction === 'internal' ? (
        <IconPhoneCall {...icon} />
      ) : (
        <IconPhoneOutgoing {...icon} />
      )}
      <Link to="/history/$call" params={{ call: call.call }} className={styles.who}>
        <Heard text={who} />
      </Link>
      <span className={styles.quiet}>{outcome(t, call)}</span>
      <b>{call.talked > 0 ? timer(call.talked) : '–'}</b>
    </>
  );
}
