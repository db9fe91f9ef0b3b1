import { useInfiniteQuery } from '@tanstack/react-query';
import { isFailure } from '@/api';
import { useTranslation } from '@/i18n';
import { Button, Empty, useTitle } from '@/ui';
import sheet from '@/ui/sheet.module.css';
import styles from './audit.module.css';
import { fetchLines } from './fetch';
import { AuditFilters } from './filters';
import { AuditRow } from './row';
import type { AuditSearch } from './search';

export { type AuditSearch, readAuditSearch } from './search';

interface AuditPageProps {
  search: AuditSearch;
  onSearch: (next: AuditSearch) => void;
}

/** Who has asked for what, newest first. */
export function AuditPage({ search, onSearch }: AuditPageProps) {
  const { t } = useTranslation();
  useTitle(t('audit.title'));
  return (
    <>
      <header className={sheet.head}>
        <h1>{t('audit.title')}</h1>
      </header>
      <AuditFilters search={search} onSearch={onSearch} />
      <Lines search={search} />
    </>
  );
}

function Lines({ search }: { search: AuditSearch }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam }) => fetchLines(search, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    retry: (count, problem) => count < 2 && !isFailure(problem, 'role_too_small'),
  });
  const again = () => void query.refetch();
  if (query.isPending) return <Empty title={t('page.loading')} words="" />;
  if (query.data === undefined) {
    return isFailure(query.error, 'role_too_small') ? (
      <Empty title={t('audit.title')} words={t('audit.notYours')} />
    ) : (
      <Empty title={t('audit.title')} words={t('audit.loadFailed')}>
        <Button onClick={again}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  const lines = query.data.pages.flatMap(page => page.items);
  if (lines.length === 0) return <Empty title={t('audit.none')} words={t('audit.noneWords')} />;
  return (
    <div className={sheet.scroller}>
      <table className={`${sheet.table} ${styles.table}`} aria-label={t('audit.title')}>
        <thead>
          <tr>
            {(['at', 'who', 'what', 'answer'] as const).map(column => (
              <th key={column} scope="col">
                {t(`audit.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(line => (
            <AuditRow key={`${line.at} ${line.request}`} line={line} />
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
          {t('audit.refresh')}
        </Button>
        {query.isError && <span role="alert">{t('audit.loadFailed')}</span>}
      </div>
    </div>
  );
}
