import { type KeyboardEvent } from 'react';
import { acknowledge, mayTakeBack, promiseOf, reopen, takeBackServed } from '@/entries';
import { useTranslation } from '@/i18n';
import { type Entry, useLive, useStep } from '@/live';
import { Button, type Width } from '@/ui';
import { For, Promise, SecondLine, Since, Tries, WhyWords } from './cells';
import { Ended } from './ended';
import styles from './list.module.css';
import { Name } from './name';

interface ClosedRowProps {
  entry: Entry;
  width: Width;
  place: number;
  onOpen: (id: string) => void;
}

export function ClosedRow({ entry, width, place, onOpen }: ClosedRowProps) {
  const { t } = useTranslation();
  const now = useStep(60_000);
  const at = entry.state.at ?? entry.last;
  // Of what was promised the result is told, of all else how it ended.
  const kept = ['kept', 'late'].includes(promiseOf(entry, at).kind);
  const reminds = useLive(live => [...live.reminders.values()].some(one => one.entry === entry.id));
  const open = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(entry.id);
  };
  return (
    <div
      role="row"
      aria-rowindex={place + 1}
      className={`${styles.line} ${styles.row}`}
      data-row={entry.id}
      tabIndex={0}
      onKeyDown={open}
      onClick={event =>
        event.target instanceof Element && !event.target.closest('button, a') && onOpen(entry.id)
      }
    >
      <div role="gridcell" className={styles.cell}>
        {kept ? <Promise entry={entry} /> : <Ended entry={entry} />}
        {width === 'phone' && (
          <span className={styles.age}>
            <Since at={at} />
          </span>
        )}
      </div>
      <div role="gridcell" className={`${styles.cell} ${styles.whoCell}`}>
        <Name entry={entry} />
        {entry.count > 1 && <span className={styles.times}>{entry.count}×</span>}
      </div>
      <div role="gridcell" className={`${styles.cell} ${styles.why}`}>
        {width === 'tablet' ? (
          <span className={styles.stacked}>
            <span className={styles.cell}>
              <WhyWords entry={entry} />
            </span>
            <SecondLine entry={entry} />
          </span>
        ) : (
          <WhyWords entry={entry} />
        )}
      </div>
      {width === 'wide' && (
        <>
          <div role="gridcell" className={`${styles.cell} ${styles.for}`}>
            <For entry={entry} />
          </div>
          <div role="gridcell" className={`${styles.cell} ${styles.since}`}>
            <Since at={at} />
          </div>
          <div role="gridcell" className={`${styles.cell} ${styles.tries}`}>
            <Tries entry={entry} />
          </div>
        </>
      )}
      <div role="gridcell" className={`${styles.cell} ${styles.action}`}>
        {reminds && width === 'wide' && (
          <Button size="row" onClick={() => void acknowledge(entry)}>
            {t('do.seen')}
          </Button>
        )}
        {mayTakeBack(entry, now) ? (
          <Button size="row" onClick={() => void takeBackServed(entry)}>
            {t('do.takeBackServed')}
          </Button>
        ) : (
          <Button size="row" onClick={() => void reopen(entry)}>
            {t('do.reopen')}
          </Button>
        )}
      </div>
    </div>
  );
}
