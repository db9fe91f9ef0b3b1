import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { api, need } from '@/api';
import { useTranslation } from '@/i18n';
import { type Entry, useLive } from '@/live';
import { Button, Empty, useRoom } from '@/ui';
import { ClosedRow } from './closed-row';
import { type Around, fits, onlyMine } from './filter';
import styles from './list.module.css';
import { Columns } from './open-list';
import type { Search, Tab } from './search';

type Reason = 'done' | 'served' | 'cancelled' | 'unreachable' | 'expired' | 'refused';

/** What stands in each tab. */
const REASONS: Record<Exclude<Tab, 'open'>, readonly Reason[]> = {
  done: ['done', 'served'],
  unreachable: ['unreachable'],
  other: ['cancelled', 'expired', 'refused'],
};

interface Page {
  items: Entry[];
  /** Where each reason goes on; null where it is at its end. */
  next: Partial<Record<Reason, string | null>>;
}

const PAGE = 50;

/** A page of what is looked through, not read. */
const PAGE_OF_MANY = 200;

/** The longest text that the server looks for, in characters. */
const LONGEST_SEARCH = 100;

/** What is typed is looked for after this, in milliseconds. */
const TYPED = 250;

/** Whoever filters is shown so many that fit, if they are there, without asking for more. */
const ENOUGH = 20;

/** So many pages are looked through for them before somebody has to ask for more. */
const MOST_PAGES = 10;

async function fetchPage(
  reasons: readonly Reason[],
  { limit, q }: { limit: number; q?: string },
  from: Page['next'],
): Promise<Page> {
  const pages = await Promise.all(
    reasons.map(async reason => {
      const after = from[reason];
      if (after === null) return { reason, items: [] as Entry[], next: null };
      const query = { reason, limit, after, q };
      const page = await need(api.GET('/api/entries/closed', { params: { query } }));
      return { reason, items: page.items as Entry[], next: page.next ?? null };
    }),
  );
  return {
    items: pages.flatMap(page => page.items),
    next: Object.fromEntries(pages.map(page => [page.reason, page.next])),
  };
}

const closedAt = (entry: Entry) => entry.state.at ?? entry.last;

/** What is typed, once somebody rests. */
function useRested(typed: string | undefined): string | undefined {
  const [rested, setRested] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), TYPED);
    return () => clearTimeout(timer);
  }, [typed]);
  return rested;
}

interface ClosedListProps {
  tab: Exclude<Tab, 'open'>;
  search: Search;
  around: Around;
  onOpen: (id: string) => void;
  /** Takes all filters away. */
  onClear: () => void;
}

/** Closed entries, the last one first. */
export function ClosedList({ tab, search, around, onOpen, onClear }: ClosedListProps) {
  const { t } = useTranslation();
  const width = useRoom();
  const reasons = REASONS[tab];
  // What is typed is looked for by the server, among all of them; it has the names, too.
  const q = useRested(search.q?.trim().slice(0, LONGEST_SEARCH)) || undefined;
  // Agents are shown nothing else than what is for them anyway.
  const isMine = onlyMine(search, around.me) && around.me?.role !== 'agent';
  const isNarrow = isMine || [q, search.service, search.reason].some(one => one !== undefined);
  const limit = isNarrow ? PAGE_OF_MANY : PAGE;
  const query = useInfiniteQuery({
    queryKey: ['closed', tab, q, limit],
    queryFn: ({ pageParam }) => fetchPage(reasons, { limit, q }, pageParam),
    initialPageParam: {} as Page['next'],
    getNextPageParam: page => (Object.values(page.next).some(next => next !== null) ? page.next : undefined),
  });
  const { refetch, fetchNextPage } = query;
  // Whenever an entry leaves the open list, it may have come here.
  const gone = useLive(live => live.gone);
  const total = useLive(live => live.total);
  useEffect(() => void refetch(), [gone, total, refetch]);
  const entries = useMemo(() => {
    const unique = new Map(query.data?.pages.flatMap(page => page.items).map(entry => [entry.id, entry]));
    // The filters are those of the open list; only that one is open is not asked for.
    const fit = fits({ ...search, q: undefined, claimed: undefined }, around);
    const asOpen = (entry: Entry): Entry => ({ ...entry, state: { name: 'waiting' } });
    return [...unique.values()]
      .filter(entry => fit(asOpen(entry)))
      .sort((one, other) => closedAt(other) - closedAt(one));
  }, [query.data, search, around]);
  const pages = query.data?.pages.length ?? 0;
  const goesOn =
    isNarrow && query.hasNextPage && !query.isError && entries.length < ENOUGH && pages < MOST_PAGES;
  useEffect(() => {
    if (goesOn && !query.isFetching) void fetchNextPage();
  }, [goesOn, query.isFetching, fetchNextPage]);
  if (query.isPending)
    return <Empty title={t(q === undefined ? 'list.loading' : 'list.searching')} words="" />;
  if (query.isError && query.data === undefined) {
    return (
      <Empty title={t('list.failedClosed')} words={t('list.loadFailed')}>
        <Button onClick={() => void refetch()}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  if (entries.length === 0 && !query.hasNextPage) {
    return isNarrow ? (
      <Empty title={t('list.emptyFilter')} words={t('list.emptyFilterClosed')}>
        <Button onClick={onClear}>{t('list.clearFilters')}</Button>
      </Empty>
    ) : (
      <Empty title={t('list.emptyClosed')} words={t('list.emptyClosedWords')} />
    );
  }
  if (entries.length === 0 && goesOn) return <Empty title={t('list.searching')} words="" />;
  return (
    <div className={styles.scroller} data-scroller>
      <div role="grid" className={styles.grid} aria-label={t(`list.tabs.${tab}`)} aria-rowcount={-1}>
        <Columns wide={width === 'wide'} phone={width === 'phone'} closed />
        <div role="rowgroup">
          {entries.map((entry, index) => (
            <ClosedRow key={entry.id} entry={entry} width={width} place={index + 1} onOpen={onOpen} />
          ))}
        </div>
      </div>
      {query.hasNextPage && (
        <div className={styles.foot}>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </div>
  );
}
