import '@/i18n/past';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { useMemo } from 'react';
import { Failure } from '@/api';
import { useTranslation } from '@/i18n';
import { refusedWords } from '@/notices';
import { fetchCalls } from '@/past';
import { Button, Empty, useTitle } from '@/ui';
import { HistoryFilters } from './filters';
import sheet from '@/ui/sheet.module.css';
import styles from './history.module.css';
import { Rows } from './rows';
import { type HistorySearch, asked, tableOf } from './search';

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
        <a className={`${sheet.link} ${styles.take}`} href={tableOf(search)} download>
          <IconDownload size={16} stroke={1.75} aria-hidden />
          {t('past.export')}
        </a>
      </header>
      <HistoryFilters search={search} onSearch={onSearch} />
      <Calls search={search} onOpen={onOpen} />
    </>
  );
}

const calledFor = (search: HistorySearch, after: string | undefined) =>
  fetchCalls({ ...asked(search), after, limit: 50 });

function Calls({ search, onOpen }: Pick<HistoryPageProps, 'search' | 'onOpen'>) {
  const { t } = useTranslation();
  const key = useMemo(() => ['history', search], [search]);
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => calledFor(search, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    // Whoever comes back from a call finds the pages that they had; the button asks anew.
    staleTime: 60_000,
    retry: (count, problem) => count < 2 && !(problem instanceof Failure && problem.status === 422),
  });
  const client = useQueryClient();
  const pages = query.data?.pages;
  const calls = useMemo(() => pages?.flatMap(page => page.items) ?? [], [pages]);
  if (query.isPending) return <Empty title={t('page.loading')} words="" />;
  if (pages === undefined) {
    const { error } = query;
    const refused = error instanceof Failure && error.status === 422 ? refusedWords(error) : null;
    return (
      <Empty title={t('past.loadFailed')} words={refused ?? t('past.loadFailedWords')}>
        <Button onClick={() => void query.refetch()}>{t('list.retry')}</Button>
      </Empty>
    );
  }
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
    <Rows
      key={JSON.stringify(search)}
      name={JSON.stringify(search)}
      calls={calls}
      onOpen={onOpen}
      more={query.hasNextPage}
      loading={query.isFetchingNextPage}
      failed={query.isError}
      onMore={() => void query.fetchNextPage()}
      // From the first page on: a long list is not read again as a whole.
      onRefresh={() => void client.resetQueries({ queryKey: key, exact: true })}
    />
  );
}
