import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, need } from '@/api';
import { useTranslation } from '@/i18n';
import { type Entry, useLive } from '@/live';
import { Button, Empty, useRoom } from '@/ui';
import { ClosedRow } from './closed-row';
import { type Around, fits } from './filter';
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

async function fetchPage(reasons: readonly Reason[], from: Page['next']): Promise<Page> {
  const pages = await Promise.all(
    reasons.map(async reason => {
      const after = from[reason];
      if (after === null) return { reason, items: [] as Entry[], next: null };
      const query = { reason, limit: PAGE, after };
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

interface ClosedListProps {
  tab: Exclude<Tab, 'open'>;
  search: Search;
  around: Around;
  onOpen: (id: string) => void;
}

/** Closed entries, the last one first. */
export function ClosedList({ tab, search, around, onOpen }: ClosedListProps) {
  const { t } = useTranslation();
  const width = useRoom();
  const reasons = REASONS[tab];
  const query = useInfiniteQuery({
    queryKey: ['closed', tab],
    queryFn: ({ pageParam }) => fetchPage(reasons, pageParam),
    initialPageParam: {} as Page['next'],
    getNextPageParam: page => (Object.values(page.next).some(next => next !== null) ? page.next : undefined),
  });
  const { refetch } = query;
  // Whenever an entry leaves the open list, it may have come here.
  const gone = useLive(live => live.gone);
  const total = useLive(live => live.total);
  useEffect(() => void refetch(), [gone, total, refetch]);
  if (query.isPending) return <Empty title={t('list.loading')} words="" />;
  if (query.isError && query.data === undefined) {
    return (
      <Empty title={t('list.emptyClosed')} words={t('list.loadFailed')}>
        <Button onClick={() => void refetch()}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  const unique = new Map(query.data.pages.flatMap(page => page.items).map(entry => [entry.id, entry]));
  // The filters are those of the open list; only that one is open is not asked for.
  const fit = fits({ ...search, claimed: undefined }, around);
  const asOpen = (entry: Entry): Entry => ({ ...entry, state: { name: 'waiting' } });
  const entries = [...unique.values()]
    .filter(entry => fit(asOpen(entry)))
    .sort((one, other) => closedAt(other) - closedAt(one));
  if (entries.length === 0 && !query.hasNextPage) {
    return <Empty title={t('list.emptyClosed')} words={t('list.emptyClosedWords')} />;
  }
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
