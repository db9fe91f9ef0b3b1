import { useVirtualizer } from '@tanstack/react-virtual';
import { Fragment, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from '@/i18n';
import type { PastCall } from '@/past';
import { Button, useRangeWith } from '@/ui';
import sheet from '@/ui/sheet.module.css';
import styles from './history.module.css';
import { CallRow } from './row';

const COLUMNS = ['began', 'who', 'why', 'agents', 'length', 'came'] as const;

/** As high as the style sheet makes them, in pixels; rows of several lines are measured. */
const HEAD = 30;
const ROW = 40;

/** So many rows before the end the next page is asked for. */
const AHEAD = 15;

/** Where each list was left, so that it stands there when somebody comes back from a call. */
const left = { name: '', scroll: 0 };

interface RowsProps {
  /** Which list it is. */
  name: string;
  calls: readonly PastCall[];
  onOpen: (call: string) => void;
  /** There are more than these. */
  more: boolean;
  loading: boolean;
  /** What was asked for last did not come. */
  failed: boolean;
  onMore: () => void;
  onRefresh: () => void;
}

/** The calls that are in sight, of as many as there are. */
export function Rows({ name, calls, onOpen, more, loading, failed, onMore, onRefresh }: RowsProps) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const keyOf = useCallback((index: number) => calls[index]?.call ?? index, [calls]);
  const rangeExtractor = useRangeWith(focused === null ? -1 : calls.findIndex(one => one.call === focused));
  const virtual = useVirtualizer({
    count: calls.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: keyOf,
    overscan: 5,
    scrollMargin: HEAD,
    initialOffset: left.name === name ? left.scroll : 0,
    rangeExtractor,
  });
  useEffect(() => {
    left.name = name;
    left.scroll = virtual.scrollOffset ?? 0;
  });
  const shown = virtual.getVirtualItems();
  const end = (shown.at(-1)?.index ?? 0) + AHEAD >= calls.length;
  useEffect(() => {
    if (end && more && !loading && !failed) onMore();
  }, [end, more, loading, failed, onMore]);
  const ends = [HEAD, ...shown.map(one => one.end)];
  return (
    <div className={sheet.scroller} ref={scroller}>
      <table
        className={`${sheet.table} ${styles.table}`}
        aria-label={t('past.title')}
        aria-rowcount={more ? -1 : calls.length + 1}
      >
        <thead>
          <tr aria-rowindex={1}>
            {COLUMNS.map(column => (
              <th key={column} scope="col">
                {t(`past.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody
          onFocus={event =>
            setFocused(event.target.closest<HTMLElement>('[data-call]')?.dataset.call ?? null)
          }
          onBlur={() => setFocused(null)}
        >
          {shown.map((one, place) => {
            const call = calls[one.index];
            if (call === undefined) return null;
            return (
              <Fragment key={one.key}>
                <Gap height={one.start - (ends[place] ?? HEAD)} />
                <CallRow call={call} place={one.index} measure={virtual.measureElement} onOpen={onOpen} />
              </Fragment>
            );
          })}
          <Gap height={virtual.getTotalSize() + HEAD - (ends.at(-1) ?? HEAD)} />
        </tbody>
      </table>
      <div className={sheet.foot}>
        {failed && <span role="alert">{t('past.loadFailed')}</span>}
        {failed && more && <Button onClick={onMore}>{t('list.retry')}</Button>}
        {loading ? <span role="status">{t('page.loading')}</span> : null}
        <Button onClick={onRefresh}>{t('past.refresh')}</Button>
      </div>
    </div>
  );
}

/** In the place of rows that are not drawn. */
function Gap({ height }: { height: number }) {
  return height > 0 ? (
    <tr aria-hidden className={styles.gap}>
      <td colSpan={COLUMNS.length} style={{ height }} />
    </tr>
  ) : null;
}
