import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconArrowLeft, IconPhone } from '@tabler/icons-react';
import { type ReactNode, Suspense, lazy, useState } from 'react';
import { api, isFailure, need } from '@/api';
import {
  accountName,
  arrangedBy,
  callBack,
  holdOf,
  isInHand,
  mayCall,
  mayNote,
  numberOf,
  useWho,
} from '@/entries';
import {
  Heard,
  byWhom,
  clock,
  fully,
  heard,
  moment,
  phoneNumber,
  timer,
  useLanguage,
  useTranslation,
  windowOf,
} from '@/i18n';
import {
  type Entry,
  agentName,
  campaignName,
  dispositionName,
  groupName,
  isOpen,
  queueName,
  serviceName,
  useLive,
  useMyAgent,
  useNames,
  useStep,
} from '@/live';
import { messageOf } from '@/playback';
import { HeardBy } from '@/playback/heard-by';
import { Button, Empty, useTitle } from '@/ui';
import { Holder, Mine, Promise, Tries, WhyWords } from './cells';
import { Dialogs } from './asked';
import { Ended } from './ended';
import styles from './entry.module.css';
import { type Told, historyLines } from './history';
import { type Asked, useActions } from './more';

const Player = lazy(() => import('@/playback/player'));

/** One entry: who, why, what was done, and what can be done. */
export function EntryPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const shown = useLive(live => live.entries.get(id));
  const version = shown?.version ?? 0;
  const generation = useLive(live => live.generation);
  const query = useQuery({
    queryKey: ['entry', id, version, generation],
    queryFn: () => need(api.GET('/api/entries/{id}', { params: { path: { id } } })),
    placeholderData: before => before,
    retry: (count, thrown) => count < 3 && !(isFailure(thrown) && thrown.status > 0 && thrown.status < 500),
  });
  const entry = shown ?? (query.data?.entry as Entry | undefined);
  const who = useWho(entry);
  useTitle(who);
  return (
    <div className={styles.page}>
      <Link to="/list" className={styles.back}>
        <IconArrowLeft size={16} stroke={1.75} aria-hidden />
        {t('entry.back')}
      </Link>
      {entry !== undefined && entry.id === id ? (
        <Shown
          entry={entry}
          history={query.data?.entry.id === id ? (query.data.history as unknown as Told[]) : null}
          failed={query.isError}
        />
      ) : query.isError ? (
        <Empty page title={t('entry.notFound')} words={t('entry.notFoundWords')} />
      ) : (
        <Empty page title={t('page.loading')} words="" />
      )}
    </div>
  );
}

function Shown({ entry, history, failed }: { entry: Entry; history: Told[] | null; failed: boolean }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <>
      <Head entry={entry} onAsk={setAsked} />
      <div className={styles.columns}>
        <div>
          <Facts entry={entry} />
          {entry.messages.length > 0 && <Messages entry={entry} />}
          <section className={styles.part}>
            <h2>{t('entry.note')}</h2>
            {entry.note ? (
              <p className={styles.note}>{entry.note}</p>
            ) : (
              <p className={styles.quiet}>{t('entry.noNote')}</p>
            )}
          </section>
          <Attempts entry={entry} />
        </div>
        <section className={`${styles.part} ${styles.side}`}>
          <h2>{t('entry.history')}</h2>
          {failed && history === null ? (
            <p className={styles.quiet}>{t('entry.historyFailed')}</p>
          ) : (
            <History told={history ?? []} />
          )}
        </section>
      </div>
      <Dialogs asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}

function Head({ entry, onAsk }: { entry: Entry; onAsk: (asked: Asked) => void }) {
  const { t } = useTranslation();
  const me = useLive(live => live.me?.agent ?? null);
  const busy = isInHand(useMyAgent()?.state ?? 'available');
  const groups = useActions(entry, onAsk);
  const who = useWho(entry);
  return (
    <header className={styles.head}>
      <h1>
        <Heard text={who} />
      </h1>
      {isOpen(entry) ? <Promise entry={entry} /> : <Ended entry={entry} />}
      <span className={styles.why}>
        <WhyWords entry={entry} />
      </span>
      <div className={styles.buttons}>
        {holdOf(entry, me) === 'other' && <Holder entry={entry} />}
        {holdOf(entry, me) === 'mine' && <Mine entry={entry} />}
        {groups.flat().map(action => (
          <Button key={action.id} icon={action.icon} onClick={action.do}>
            {action.words}
          </Button>
        ))}
        {mayCall(entry, me) && (
          <Button
            kind={busy || mayNote(entry, me) ? 'plain' : 'primary'}
            icon={<IconPhone size={16} stroke={1.75} aria-hidden />}
            aria-label={t('do.callBackWho', { who: heard(t, who) })}
            onClick={() => void callBack(entry)}
          >
            {t('do.callBack')}
          </Button>
        )}
      </div>
    </header>
  );
}

/** What the path of a request begins with that was made by the API, before the name of the account. */
const BY_PROGRAM = 'api/';

function Facts({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const desk = useNames(names => names.desk);
  const now = useStep(60_000);
  const { request, target } = entry;
  const queue = request?.queue ?? target.queue;
  const when = (at: number) => moment(t, language, at, now);
  // A program that asked for a customer stands where the menu's path would.
  const arranged = arrangedBy(request?.path);
  const through = request?.path.find(part => part.startsWith(BY_PROGRAM))?.slice(BY_PROGRAM.length);
  const facts: [string, ReactNode][] = [
    [t('entry.number'), <Heard key="number" text={numberOf(t, entry)} />],
    [t('entry.service'), target.service && serviceName(desk, target.service)],
    [t('entry.campaign'), target.campaign && campaignName(desk, target.campaign)],
    [t('entry.group'), target.group && groupName(desk, target.group)],
    [t('entry.queue'), queue && queueName(desk, queue)],
    [t('entry.asked'), request && when(request.asked)],
    [t('entry.promised'), request && windowOf(t, language, request.promise.from, request.promise.to, now)],
    [t('entry.called'), request?.called && phoneNumber(request.called)],
    [t('entry.through'), through && byWhom(t, through)],
    [t('entry.arrangedBy'), arranged !== null && accountName(arranged)],
    [t('entry.path'), request && through === undefined && arranged === null && request.path.join(' › ')],
    [t('entry.due'), isOpen(entry) && entry.due > now && when(entry.due)],
    [t('entry.notBefore'), isOpen(entry) && entry.not_before > now && when(entry.not_before)],
    [t('entry.calls'), entry.count > 1 && String(entry.count)],
    [t('entry.priority'), entry.priority > 0 && String(entry.priority)],
    [t('entry.assigned'), entry.assigned && agentName(entry.assigned)],
    [t('entry.disposition'), entry.disposition ? dispositionName(desk, entry.disposition) : null],
    [t('list.attempts'), entry.attempts.length > 0 && <Tries entry={entry} />],
  ];
  return (
    <section className={styles.part}>
      <h2>{t('entry.facts')}</h2>
      <dl className={styles.facts}>
        {facts
          .filter(([, value]) => Boolean(value))
          .map(([name, value]) => (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ))}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Messages({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  return (
    <section className={styles.part}>
      <h2>{t('entry.messages')}</h2>
      <ul>
        {entry.messages.map((message, index) => (
          <li key={message} className={styles.message}>
            <Suspense fallback={null}>
              <Player sound={messageOf(message, entry.id)} name={t('entry.messageN', { n: index + 1 })} />
            </Suspense>
            <HeardBy entry={entry} sound={messageOf(message, entry.id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Attempts({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  return (
    <section className={styles.part}>
      <h2>{t('entry.attempts')}</h2>
      {entry.attempts.length === 0 && <p className={styles.quiet}>{t('entry.noAttempts')}</p>}
      <ol className={styles.steps}>
        {entry.attempts.map(attempt => (
          <li key={attempt.id}>
            <time dateTime={new Date(attempt.began).toISOString()}>
              {moment(t, language, attempt.began, now)}
            </time>
            <span>
              {attempt.result ? t(`resultCap.${attempt.result}`) : t('held.calling')}
              {attempt.talked > 0 && `, ${t('entry.talked', { time: timer(attempt.talked) })}`}
              <span className={styles.quiet}> {t('entry.byWhom', { name: agentName(attempt.agent) })}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function History({ told }: { told: readonly Told[] }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const desk = useNames(names => names.desk);
  const now = useStep(60_000);
  const lines = historyLines({ t, language, desk, now }, told);
  return (
    <ol className={styles.steps}>
      {lines.map(line => (
        <li key={line.key}>
          <time dateTime={new Date(line.at).toISOString()} title={fully(language, line.at)}>
            {now - line.at < 20 * 3_600_000 ? clock(language, line.at) : moment(t, language, line.at, now)}
          </time>
          <span>
            {line.words}
            {line.by !== null && <span className={styles.quiet}> {line.by}</span>}
            {line.note !== null && <span className={styles.note}>{`\n${line.note}`}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
