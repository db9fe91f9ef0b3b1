import { useTranslation } from '@/i18n';
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
  const width = useRoom();
  const closed = useClosed(tab, search, around);
  const count = closed.entries.length;
  if (count === 0) return <NoneYet closed={closed} onClear={onClear} />;
  return (
    <div className={styles.scroller} data-scroller>
      <p className="only-heard" role="status">
        {closed.isNarrow && !closed.goesOn && t('list.rows', { count })}
      </p>
      <div role="grid" className={styles.grid} aria-label={t(`list.tabs.${tab}`)} aria-rowcount={-1}>
        <Columns wide={width === 'wide'} phone={width === 'phone'} closed />
        <div role="rowgroup">
          {closed.entries.map((entry, index) => (
            <ClosedRow key={entry.id} entry={entry} width={width} place={index + 1} onOpen={onOpen} />
          ))}
        </div>
      </div>
      {closed.hasFailed ? (
        <div className={styles.foot} role="status">
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
function NoneYet({ closed, onClear }: { closed: ReturnType<typeof useClosed>; onClear: () => void }) {
  const { t } = useTranslation();
  if (closed.hasFailed) {
    return (
      <Empty title={t('list.failedClosed')} words={t('list.loadFailed')}>
        <Button onClick={closed.retry}>{t('list.retry')}</Button>
      </Empty>
    );
  }
  const searches = closed.isPending || closed.goesOn || closed.isFetching;
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
