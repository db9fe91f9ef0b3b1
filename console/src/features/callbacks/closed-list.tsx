import { type TFunction, useTranslation } from '@/i18n';
import { Button, Empty, useRoom } from '@/ui';
import { type ClosedTab, useClosed } from './closed';
import { ClosedRow } from './closed-row';
import type { Around } from './filter';
import styles from './list.module.css';
import { Columns } from './open-list';
import type { Search } from './search';

interface ClosedListProps {
  tab: ClosedTab;
  search: Search;
  around: Around;
  onOpen: (id: string) => void;
  /** Takes all filters away. */
  onClear: () => void;
}

/** Closed entries, the last one first. */
export function ClosedList({ tab, search, around, onOpen, onClear }: ClosedListProps) {
  const { t } = useTranslation();
  const closed = useClosed(tab, search, around);
  return (
    <>
      {/* It stays, whatever stands below it: only then are its words read out. */}
      <p className="only-heard" role="status">
        {search.q !== undefined && toldOf(t, closed)}
      </p>
      {closed.entries.length === 0 ? (
        <NoneYet closed={closed} onClear={onClear} />
      ) : (
        <Rows tab={tab} closed={closed} onOpen={onOpen} />
      )}
    </>
  );
}

type Closed = ReturnType<typeof useClosed>;

const isSearching = ({ isPending, goesOn, isFetching }: Closed) => isPending || goesOn || isFetching;

/** What a search has come to. */
function toldOf(t: TFunction, closed: Closed): string {
  const count = closed.entries.length;
  if (closed.hasFailed) return t(count > 0 ? 'list.failedRest' : 'list.failedClosed');
  if (isSearching(closed)) return t('list.searching');
  if (count > 0) return t('list.rowsFound', { count });
  return t(closed.hasMore ? 'list.noneSoFar' : 'list.emptyFilter');
}

interface RowsProps {
  tab: ClosedTab;
  closed: Closed;
  onOpen: (id: string) => void;
}

function Rows({ tab, closed, onOpen }: RowsProps) {
  const { t } = useTranslation();
  const width = useRoom();
  return (
    <div className={styles.scroller} data-scroller>
      <div role="grid" className={styles.grid} aria-label={t(`list.tabs.${tab}`)} aria-rowcount={-1}>
        <Columns wide={width === 'wide'} phone={width === 'phone'} closed />
        <div role="rowgroup">
          {closed.entries.map((entry, index) => (
            <ClosedRow key={entry.id} entry={entry} width={width} place={index + 1} onOpen={onOpen} />
          ))}
        </div>
      </div>
      {closed.hasFailed ? (
        <div className={styles.foot}>
          <span>{t('list.failedRest')}</span>
          <Button onClick={closed.retry}>{t('list.retry')}</Button>
        </div>
      ) : (
        closed.hasMore && (
          <div className={styles.foot}>
            <Button disabled={closed.isFetching || closed.goesOn} onClick={closed.more}>
              {t(closed.goesOn ? 'list.searching' : 'list.more')}
            </Button>
          </div>
        )
      )}
    </div>
  );
}

/** Why there is no entry. */
function NoneYet({ closed, onClear }: { closed: Closed; onClear: () => void }) {
  const { t } = useTranslation();
  if (closed.hasFailed) {
    return (
      <Empty title={t('list.failedClosed')} words={t('list.loadFailed')}>
        <Button onClick={closed.retry}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  const searches = isSearching(closed);
  if (searches && !closed.isAsked) {
    return <Empty title={t(closed.isNarrow ? 'list.searching' : 'list.loading')} words="" />;
  }
  if (searches || closed.hasMore) {
    return (
      <Empty
        title={t(searches ? 'list.searching' : 'list.noneSoFar')}
        words={searches ? '' : t('list.noneSoFarWords')}
      >
        {/* It stays, and so does the focus. */}
        <Button aria-disabled={searches} onClick={searches ? undefined : closed.more}>
          {t('list.searchOn')}
        </Button>
      </Empty>
    );
  }
  return closed.isNarrow ? (
    <Empty title={t('list.emptyFilter')} words={t('list.emptyFilterClosed')}>
      <Button onClick={onClear}>{t('list.clearFilters')}</Button>
    </Empty>
  ) : (
    <Empty title={t('list.emptyClosed')} words={t('list.emptyClosedWords')} />
  );
}
