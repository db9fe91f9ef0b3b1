import { Link } from '@tanstack/react-router';
import { Suspense, lazy, useDeferredValue, useMemo, useState } from 'react';
import { useFinding, useNamesFor } from '@/entries';
import { useTranslation } from '@/i18n';
import { useLive, useMyAgent, useNames, useStep } from '@/live';
import { Button, Empty, useTitle } from '@/ui';
import { Dialogs } from './asked';
import { type Around, find } from './filter';
import { Filters } from './filters';
import styles from './list.module.css';
import type { Asked } from './more';
import { OpenList } from './open-list';
import { type Search, TABS, type Tab } from './search';

const ClosedList = lazy(() => import('./closed-list').then(module => ({ default: module.ClosedList })));

interface ListPageProps {
  search: Search;
  /** Changes the address. */
  onSearch: (search: Search) => void;
  onOpen: (id: string) => void;
}

/** The missed-call list: what agents work from. */
export function ListPage({ search, onSearch, onOpen }: ListPageProps) {
  const { t } = useTranslation();
  useTitle(t('list.title'));
  const tab = search.tab ?? 'open';
  const [asked, setAsked] = useState<Asked | null>(null);
  const around = useAround(search.q ?? '');
  // Many changes at once are drawn as one, and never before what somebody types or presses.
  const all = useDeferredValue(useLive(live => live.entries));
  const total = useLive(live => live.total);
  const known = useLive(live => live.me !== null);
  const finding = useFinding(search.q ?? '');
  // Typing is never behind the list.
  const wanted = useDeferredValue(search);
  const found = useMemo(() => find(all.values(), wanted, around), [all, wanted, around]);
  const change = (change: Partial<Search>) => onSearch({ ...search, ...change });
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('list.title')}</h1>
        <Tabs tab={tab} search={search} open={found.entries.length} />
        <Figures />
      </header>
      <Filters search={search} hidden={tab === 'open' ? found.hidden : 0} onSearch={change} />
      {tab === 'open' && (
        // It stays, whatever stands below it: only then are its words read out.
        <p className="only-heard" role="status">
          {/* Whoever looks for something is told what was found; else the list changes silently. */}
          {search.q !== undefined &&
            t(
              finding === 'asked'
                ? 'list.finding'
                : found.entries.length > 0
                  ? 'list.rowsFound'
                  : 'list.emptyFilter',
              { count: found.entries.length },
            )}
        </p>
      )}
      {tab !== 'open' ? (
        <Suspense fallback={<Empty title={t('list.loading')} words="" />}>
          <ClosedList
            key={tab}
            tab={tab}
            search={wanted}
            around={around}
            onOpen={onOpen}
            onClear={() => onSearch({ tab, groups: 'all' })}
          />
        </Suspense>
      ) : !known ? (
        <Empty title={t('list.loading')} words="" />
      ) : found.entries.length > 0 ? (
        <OpenList entries={found.entries} onOpen={onOpen} onAsk={setAsked} />
      ) : finding === 'asked' && all.size > 0 ? (
        <Empty title={t('list.finding')} words="" />
      ) : isFiltered(search) && all.size > 0 ? (
        <Empty
          title={t('list.emptyFilter')}
          words={t(finding === 'failed' ? 'list.namesFailed' : 'list.emptyFilterWords')}
        >
          <Button onClick={() => onSearch({ groups: 'all' })}>{t('list.clearFilters')}</Button>
        </Empty>
      ) : (
        <Empty title={t('list.empty')} words={t('list.emptyWords')} />
      )}
      {tab === 'open' && known && all.size < total && (
        <p className={styles.note} role="status">
          {t('list.partial', { known: all.size, total })}
        </p>
      )}
      <Dialogs asked={asked} onClose={() => setAsked(null)} />
    </div>
  );
}

function isFiltered({ q, groups, service, reason, claimed }: Search): boolean {
  return groups !== 'all' || [q, service, reason, claimed].some(one => one !== undefined);
}

/** What filtering needs to know; new only when something of it is. */
function useAround(query: string): Around {
  const me = useLive(live => live.me);
  const agent = useMyAgent();
  const desk = useNames(names => names.desk);
  const now = useStep(30_000);
  const nameOf = useNamesFor(query);
  // The state of the agent changes often and matters to no filter: groups do.
  const groups = agent?.groups.join() ?? null;
  // eslint-disable-next-line react-hooks/exhaustive-deps
  return useMemo(() => ({ me, agent, desk, now, nameOf }), [me, groups, desk, now, nameOf]);
}

function Tabs({ tab, search, open }: { tab: Tab; search: Search; open: number }) {
  const { t } = useTranslation();
  const unreachable = useLive(
    live => [...live.reminders.values()].filter(one => one.kind === 'unreachable').length,
  );
  const counts: Partial<Record<Tab, number>> = {
    open: tab === 'open' ? open : undefined,
    unreachable: unreachable || undefined,
  };
  return (
    <nav className={styles.tabs} aria-label={t('list.title')}>
      {TABS.map(one => (
        <Link
          key={one}
          to="/list"
          search={{ ...search, tab: one === 'open' ? undefined : one }}
          className={styles.tab}
          aria-current={tab === one ? 'page' : undefined}
          // Else the router marks the open ones on every tab: their address says nothing of a tab.
          activeOptions={{ exact: true }}
        >
          {t(`list.tabs.${one}`)}
          {counts[one] !== undefined && <small>{counts[one]}</small>}
        </Link>
      ))}
    </nav>
  );
}

/** Who waits now, and who could answer. */
function Figures() {
  const { t } = useTranslation();
  const queues = useLive(live => live.queues);
  const agents = useLive(live => live.agents);
  const waiting = [...queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  const available = [...agents.values()].filter(agent => agent.state === 'available').length;
  return (
    <div className={styles.figures}>
      <span>{t('list.callers', { count: waiting })}</span>
      <span>{t('list.available', { count: available })}</span>
    </div>
  );
}
