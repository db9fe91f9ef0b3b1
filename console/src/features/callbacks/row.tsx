import { IconCircleCheck, IconDots, IconPhone } from '@tabler/icons-react';
import { type MouseEvent, memo } from 'react';
import { callBack, holdOf, mayCall, mayNote, useWho } from '@/entries';
import { heard, useTranslation } from '@/i18n';
import type { Entry } from '@/live';
import { Button, type Width } from '@/ui';
import { Assigned, For, Holder, Mine, MineLine, Promise, SecondLine, Since, Tries, WhyWords } from './cells';
import styles from './list.module.css';
import type { Asked } from './more';
import { Name } from './name';

export interface RowProps {
  entry: Entry;
  /** The viewer's agent. */
  me: string | null;
  /** It is the next to be called: its button is the one blue thing of the view. */
  next: boolean;
  /** It has just come. */
  fresh: boolean;
  /** It left the list under the hand. */
  gone: boolean;
  /** It is the row that the keys are about. */
  active: boolean;
  width: Width;
  /** Its menu is open. */
  menu: boolean;
  /** Its place among all rows, from 1. */
  place: number;
  onMore: (entry: Entry, button: HTMLElement) => void;
  /** Asks for what an action needs to know. */
  onAsk: (asked: Asked) => void;
  onOpen: (id: string) => void;
  onActive: (id: string) => void;
}

/** What is pressed by itself does not open the row. */
function isPressed(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest('button, a, input') !== null;
}

export const Row = memo(function Row(props: RowProps) {
  const { entry, me, fresh, gone, active, width, place, onOpen, onActive } = props;
  const hold = holdOf(entry, me);
  const mine = hold === 'mine';
  const assigned = hold === 'free' && !gone && Boolean(entry.assigned);
  const names = [
    styles.line,
    styles.row,
    mine && styles.mine,
    assigned && styles.assigned,
    mayNote(entry, me) && styles.noting,
    fresh && styles.fresh,
    gone && styles.gone,
  ];
  return (
    // The keys of a row are the list's own: they work wherever the focus is.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      aria-rowindex={place + 1}
      className={names.filter(Boolean).join(' ')}
      tabIndex={active ? 0 : -1}
      data-row={entry.id}
      onClick={event => !isPressed(event) && onOpen(entry.id)}
      onFocus={() => onActive(entry.id)}
    >
      <div role="gridcell" className={styles.cell}>
        <Promise entry={entry} />
        {width === 'phone' && <SecondLine entry={entry} short />}
      </div>
      <Who
        entry={entry}
        active={active}
        mine={mine && width !== 'wide'}
        assigned={assigned && width === 'tablet'}
      />
      <div role="gridcell" className={`${styles.cell} ${styles.why} ${styles.whyCell}`}>
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
        {assigned && width === 'phone' && <Assigned entry={entry} />}
      </div>
      {width === 'wide' && (
        <>
          <div role="gridcell" className={`${styles.cell} ${styles.for}`}>
            <For entry={entry} />
          </div>
          <div role="gridcell" className={`${styles.cell} ${styles.since}`}>
            <Since at={entry.last} />
          </div>
          <div role="gridcell" className={`${styles.cell} ${styles.tries}`}>
            <Tries entry={entry} />
          </div>
        </>
      )}
      <ActionCell {...props} />
    </div>
  );
});

interface WhoProps {
  entry: Entry;
  active: boolean;
  /** It says what of it is mine, or to whom it was given, where there is no room beside the button. */
  mine: boolean;
  assigned: boolean;
}

function Who({ entry, active, mine, assigned }: WhoProps) {
  const { t } = useTranslation();
  return (
    <div role="gridcell" className={`${styles.cell} ${styles.whoCell}`}>
      <Name entry={entry} tab={active ? 0 : -1} />
      {entry.count > 1 && <span className={styles.times}>{entry.count}×</span>}
      {entry.blocked && (
        <span className={styles.tag} data-blocked>
          {t('list.blocked')}
        </span>
      )}
      {entry.matter > 0 && <span className={styles.tag}>{t('list.matter')}</span>}
      {mine && <MineLine entry={entry} />}
      {assigned && <Assigned entry={entry} />}
    </div>
  );
}

function ActionCell({ entry, me, next, gone, active, menu, width, onMore, onAsk }: RowProps) {
  const { t } = useTranslation();
  const who = useWho(entry);
  const hold = holdOf(entry, me);
  const tab = active ? 0 : -1;
  return (
    <div role="gridcell" className={`${styles.cell} ${styles.action}`}>
      {gone ? (
        <span>{t('list.gone')}</span>
      ) : hold === 'other' ? (
        <Holder entry={entry} />
      ) : (
        <>
          {hold === 'mine' && width === 'wide' && <Mine entry={entry} />}
          {hold === 'free' && entry.assigned && width === 'wide' && <Assigned entry={entry} tries />}
          {mayNote(entry, me) ? (
            <Button
              kind={next ? 'primary' : 'plain'}
              size="row"
              className={width === 'phone' ? styles.round : undefined}
              icon={<IconCircleCheck size={16} stroke={1.75} aria-hidden />}
              aria-label={t('do.outcomeOf', { who: heard(t, who) })}
              tabIndex={tab}
              onClick={() => onAsk({ what: 'outcome', entry })}
            >
              {width === 'phone' ? null : t('do.outcome')}
            </Button>
          ) : mayCall(entry, me) ? (
            <Button
              kind={next ? 'primary' : 'plain'}
              size="row"
              className={width === 'phone' ? styles.round : undefined}
              icon={<IconPhone size={16} stroke={1.75} aria-hidden />}
              aria-label={t('do.callBackWho', { who: heard(t, who) })}
              tabIndex={tab}
              onClick={() => void callBack(entry)}
            >
              {width === 'phone' ? null : t('do.callBack')}
            </Button>
          ) : null}
        </>
      )}
      {width === 'wide' && (
        <button
          type="button"
          className={styles.more}
          aria-label={t('do.moreFor', { who: heard(t, who) })}
          title={t('do.more')}
          aria-haspopup="menu"
          aria-expanded={menu}
          data-more={entry.id}
          tabIndex={tab}
          onClick={event => onMore(entry, event.currentTarget)}
        >
          <IconDots size={18} stroke={1.75} aria-hidden />
        </button>
      )}
    </div>
  );
}
