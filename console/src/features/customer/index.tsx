import '@/i18n/customers';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  IconExternalLink,
  IconHeadset,
  IconPencil,
  IconPhoneIncoming,
  IconRoute,
  IconUser,
  IconUserPlus,
  IconUsers,
} from '@tabler/icons-react';
import { Fragment, type ReactNode } from 'react';
import { api, need, given } from '@/api';
import {
  Heard,
  LANGUAGES,
  byWhom,
  day,
  isHidden,
  moment,
  phoneNumber,
  timer,
  useLanguage,
  useTranslation,
} from '@/i18n';
import {
  type Desk,
  agentName,
  queueName,
  serviceName,
  useLive,
  useMyAgent,
  useNames,
  usePlaceInLine,
  useSecond,
  useStep,
} from '@/live';
import { Avatar, Chip, Empty, Glyph, useTitle } from '@/ui';
import sheet from '@/ui/sheet.module.css';
import styles from './customer.module.css';
import { OpenHint } from './hint';
import { PastCalls } from './past';
import { type Pop, countryName, isWeb, timeThere, usePop, useRow } from './pop';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** Everything that an agent should see of a customer, the same while it rings, in the call and after it. */
export function CustomerPage({ call }: { call: string }) {
  const { t } = useTranslation();
  const { data: pop, isError, isLoading, isFetched } = usePop(call);
  const who = pop?.contact?.name ?? (pop?.number ? phoneNumber(pop.number) : t('app.customer'));
  useTitle(who);
  return (
    <div className={styles.page} data-customer={call}>
      <nav className={styles.tabs} aria-label={t('pop.tabs')}>
        <Link to="/customer/$call" params={{ call }} aria-current="page">
          {t('app.customer')}
        </Link>
        <Link to="/list">{t('list.title')}</Link>
      </nav>
      {pop !== undefined ? (
        <Shown call={call} pop={pop} who={who} />
      ) : isError ? (
        <Empty page title={t('pop.failed')} words="" />
      ) : isLoading ? (
        <Empty page title={t('pop.loading')} words="" />
      ) : (
        <Empty page title={t('pop.over')} words={isFetched ? '' : t('pop.overWords')} />
      )}
    </div>
  );
}

function Shown({ call, pop, who }: { call: string; pop: Pop; who: string }) {
  const { t } = useTranslation();
  const dispositions = useQuery({
    queryKey: ['note-dispositions', call],
    queryFn: () => need(api.GET('/api/calls/{id}/dispositions', { params: { path: { id: call } } })),
    staleTime: 60_000,
    retry: 3,
    enabled: pop.calls.some(one => given(one.written?.disposition)),
  });
  const names = new Map((dispositions.data?.items ?? []).map(one => [one.key, one.name]));
  const notes = pop.contact?.notes ?? [];
  return (
    <div className={styles.body}>
      <Head pop={pop} who={who} />
      {pop.open.map(open => (
        <OpenHint key={open.entry.id} call={call} open={open} />
      ))}
      <Facts call={call} pop={pop} />
      <Path call={call} pop={pop} />
      <section>
        <h2>{t('pop.calls')}</h2>
        <PastCalls calls={pop.calls} dispositions={names} />
      </section>
      {given(pop.contact) && (
        <section>
          <h2>{t('pop.notes')}</h2>
          {notes.length === 0 ? (
            <p className={styles.quiet}>{t('pop.noNotes')}</p>
          ) : (
            <ul className={styles.notes}>
              {notes.slice(0, 5).map(note => (
                <ContactNote key={note.at} {...note} />
              ))}
            </ul>
          )}
        </section>
      )}
    </div>
  );
}

function ContactNote({ at, by, text }: { at: number; by: string; text: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <li>
      <p className={styles.noted}>{text}</p>
      <small>
        {byWhom(t, by)}, {moment(t, language, at, useStep(60_000))}
      </small>
    </li>
  );
}

function Head({ pop, who }: { pop: Pop; who: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(15_000);
  const { contact, number, page } = pop;
  const place = countryName(pop.country, language);
  const time = timeThere(pop.zones, now);
  return (
    <header className={styles.head}>
      {given(contact) ? (
        <Avatar name={who} large />
      ) : (
        <Glyph tone="grey">
          <IconUser {...icon} />
        </Glyph>
      )}
      <div className={styles.who}>
        <h1>
          <Heard text={who} />{' '}
          {given(contact) ? (
            <Chip tone="grey">{t('pop.known', { time: day(language, contact.made) })}</Chip>
          ) : (
            <Chip tone="hollow">{t('pop.unknown')}</Chip>
          )}
        </h1>
        <p>
          {given(contact) && given(number) && (
            <b>
              <Heard text={phoneNumber(number)} />
            </b>
          )}
          {!given(number) && <b>{t('list.unknownNumber')}</b>}
          {place !== '' && <span>{time === null ? place : t('pop.there', { place, time })}</span>}
        </p>
      </div>
      <div className={styles.buttons}>
        {given(contact) ? (
          <Link to="/contacts/$contact" params={{ contact: contact.id }} className={sheet.link}>
            <IconPencil {...icon} />
            {t('pop.edit')}
          </Link>
        ) : (
          given(number) &&
          !isHidden(number) && (
            <Link to="/contacts/new" search={{ number }} className={sheet.link}>
              <IconUserPlus {...icon} />
              {t('pop.create')}
            </Link>
          )
        )}
        {given(page) && isWeb(page.address) && (
          <a href={page.address} target="_blank" rel="noopener noreferrer" className={sheet.link}>
            <IconExternalLink {...icon} />
            {t('pop.page')}
          </a>
        )}
      </div>
    </header>
  );
}

/** A queue by its number and name. */
function wholeQueue(desk: Desk | null, key: string): string {
  const short = queueName(desk, key);
  const name = desk?.queues.find(one => one.key === key)?.name ?? '';
  return name === '' || name === short ? short : `${short} ${name}`;
}

function Facts({ call, pop }: { call: string; pop: Pop }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const live = useRow(call);
  const inLine = usePlaceInLine(live ?? null);
  const { contact } = pop;
  const language = contact?.language;
  // After a reload there is no row of a call that is over, and the note knows of it.
  const note = useLive(all => all.notes.get(call));
  const queue = live?.queue ?? note?.queue;
  const service = live?.service ?? note?.service;
  const facts: [string, ReactNode][] = [
    [t('pop.queue'), given(queue) ? wholeQueue(desk, queue) : ''],
    ...(given(live?.queued)
      ? ([
          [
            t(!given(live.left_line) && !given(live.connected) ? 'pop.waiting' : 'pop.waited'),
            <Waited key="w" since={live.queued} until={live.left_line ?? live.connected ?? null} />,
          ],
        ] as [string, ReactNode][])
      : given(pop.waited)
        ? ([[t('pop.waited'), timer(pop.waited)]] as [string, ReactNode][])
        : []),
    [t('call.placeInLine'), inLine ?? ''],
    [t('pop.service'), given(service) ? serviceName(desk, service) : ''],
    [t('pop.company'), contact?.company ?? ''],
    [t('pop.language'), language === 'en' || language === 'zh' ? LANGUAGES[language] : ''],
  ];
  return (
    <dl className={styles.facts} aria-label={t('pop.facts')}>
      {facts
        .filter(([, value]) => Boolean(value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Waited({ since, until }: { since: number; until: number | null }) {
  const now = useSecond();
  return <>{timer((until ?? now) - since)}</>;
}

/** The way that the customer has come, the present place last. */
function Path({ call, pop }: { call: string; pop: Pop }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const live = useRow(call);
  const me = useMyAgent()?.key;
  const note = useLive(all => all.notes.get(call));
  const queue = live?.queue ?? note?.queue;
  const service = live?.service ?? note?.service;
  // A call that we made came through no menu, and neither did one that rang straight at a phone.
  if (pop.path.length === 0 && !given(queue)) return null;
  const asker = given(me) && live?.consult?.agent === me && live.consult.by !== me ? live.consult.by : null;
  const steps: [string, ReactNode, string][] = [
    ...(given(service)
      ? ([['service', <IconPhoneIncoming key="i" {...icon} />, serviceName(desk, service)]] as [
          string,
          ReactNode,
          string,
        ][])
      : []),
    ...pop.path.map(
      (flow, index) =>
        [`flow-${index}`, <IconRoute key="i" {...icon} />, flow] as [string, ReactNode, string],
    ),
    ...(given(queue)
      ? ([
          ['queue', <IconUsers key="i" {...icon} />, t('list.queueOf', { queue: queueName(desk, queue) })],
        ] as [string, ReactNode, string][])
      : []),
    ...(asker !== null
      ? ([['asker', <IconHeadset key="i" {...icon} />, agentName(asker)]] as [string, ReactNode, string][])
      : []),
  ];
  return (
    <section>
      <h2>{t('pop.path')}</h2>
      <ol className={styles.path}>
        {steps.map(([key, shape, words]) => (
          <Fragment key={key}>
            <li>
              <span className={styles.step}>{shape}</span>
              {words}
            </li>
          </Fragment>
        ))}
        <li data-last>
          <span className={styles.step}>
            <IconHeadset {...icon} />
          </span>
          {t('list.me')}
        </li>
      </ol>
    </section>
  );
}
