import '@/i18n/past';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Failure } from '@/api';
import { useTranslation } from '@/i18n';
import { Button, Empty, useTitle } from '@/ui';
import { fetchCalls } from './fetch';
import { HistoryFilters } from './filters';
import sheet from '@/ui/sheet.module.css';
import styles from './history.module.css';
import { CallRow } from './row';
import type { HistorySearch } from './search';

export { CallPage } from './call-page';
export { type HistorySearch, readHistorySearch } from './search';

interface HistoryPageProps {
  search: HistorySearch;
  onSearch: (next: HistorySearch) => void;
  onOpen: (call: string) => void;
}

/** Calls that are over, newest first: one's own and those of one's groups. */
export function HistoryPage({ search, onSearch, onOpen }: HistoryPageProps) {
  const { t } = useTranslation();
  useTitle(t('past.title'));
  return (
    <>
      <header className={sheet.head}>
        <h1>{t('past.title')}</h1>
      </header>
      <HistoryFilters search={search} onSearch={onSearch} />
      <Calls search={search} onOpen={onOpen} />
    </>
  );
}

const COLUMNS = ['began', 'who', 'why', 'agents', 'length', 'came'] as const;

function Calls({ search, onOpen }: Pick<HistoryPageProps, 'search' | 'onOpen'>) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['history', search],
    queryFn: ({ pageParam }) => fetchCalls(search, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    retry: (count, problem) => count < 2 && !(problem instanceof Failure && problem.status === 422),
  });
  const again = () => void query.refetch();
  if (query.isPending) return <Empty title={t('page.loading')} words="" />;
  if (query.data === undefined) {
    const refused = query.error instanceof Failure && query.error.status === 422;
    return (
      <Empty title={t('past.loadFailed')} words={refused ? query.error.message : t('past.loadFailedWords')}>
        <Button onClick={again}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  const calls = query.data.pages.flatMap(page => page.items);
  if (calls.length === 0) {
    const chosen = Object.keys(search).length > 0;
    return (
      <Empty
        title={t(chosen ? 'past.noneFits' : 'past.none')}
        words={t(chosen ? 'past.noneFitsWords' : 'past.noneWords')}
      />
    );
  }
  return (
    <div className={sheet.scroller}>
      <table className={`${sheet.table} ${styles.table}`} aria-label={t('past.title')}>
        <thead>
          <tr>
            {COLUMNS.map(column => (
              <th key={column} scope="col">
                {t(`past.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {calls.map(call => (
            <CallRow key={call.call} call={call} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      <div className={sheet.foot}>
        {query.hasNextPage && (
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('list.more')}
          </Button>
        )}
        <Button disabled={query.isFetching} onClick={again}>
          {t('past.refresh')}
        </Button>
        {query.isError && <span role="alert">{t('past.loadFailed')}</span>}
      </div>
    </div>
  );
}
