import { IconMicrophone, IconPhoneCall, IconPhoneX, IconUnlink } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { callBack, claim, holdOf, isInHand, mayCall, nextRow, release, toPlay } from '@/entries';
import { useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import { type Entry, type Section, useLive, useMyAgent, useStep } from '@/live';
import { messageOf, playOrPause, usePlayback } from '@/playback';
import { useRangeWith, useRoom } from '@/ui';
import { type Item, idOf } from './arrange';
import { type Counts, count } from './filter';
import { useArranged, useHeld, useSteady } from './hold';
import styles from './list.module.css';
import { type Asked, More } from './more';
import { Row } from './row';

const ROW = { wide: 44, tablet: 60, phone: 84 } as const;
const HEAD = 32;

/** How often it is looked what is overdue and what is next, in milliseconds. */
const STEP = 10_000;

const ICONS: Record<Section, ReactNode> = {
  requests: <IconPhoneCall size={16} stroke={1.75} aria-hidden />,
  cut_off: <IconUnlink size={16} stroke={1.75} aria-hidden />,
  messages: <IconMicrophone size={16} stroke={1.75} aria-hidden />,
  missed: <IconPhoneX size={16} stroke={1.75} aria-hidden />,
};

/** Where the list was left, so that it stands there when somebody comes back. */
let left = { scroll: 0, active: null as string | null };

interface OpenListProps {
  /** In the order in which they should be worked on. */
  entries: readonly Entry[];
  onOpen: (id: string) => void;
  /** Asks for what a row's action needs to know. */
  onAsk: (asked: Asked) => void;
}

/** The open part of the list. */
export function OpenList({ entries, onOpen, onAsk }: OpenListProps) {
  const { t } = useTranslation();
  const width = useRoom();
  const me = useLive(live => live.me?.agent ?? null);
  const scroller = useRef<HTMLDivElement>(null);
  const held = useHeld(scroller);
  const items = useArranged(entries, held);
  const [active, setActive] = useState<string | null>(left.active);
  const [more, setMore] = useState<{ entry: Entry; button: HTMLElement } | null>(null);
  const fresh = useFresh(entries);
  const now = useStep(STEP);
  // To the end of the step: what was asked for just now can be next at once.
  const toDo = useMemo(() => nextRow(entries, me, now + STEP)?.id, [entries, me, now]);
  // What is next stands in the panel then.
  const busy = isInHand(useMyAgent()?.state ?? 'available');
  const next = busy ? undefined : toDo;
  const counts = useMemo(() => count(entries, now), [entries, now]);
  const size = useCallback(
    (index: number) => (items[index]?.kind === 'head' ? HEAD : ROW[width]),
    [items, width],
  );
  const offsets = useMemo(() => {
    let sum = 0;
    return items.map((_, index) => (sum += size(index)) - size(index));
  }, [items, size]);
  const offsetOf = useCallback((index: number) => offsets[index] ?? 0, [offsets]);
  const room = useSteady(scroller, items, offsetOf, held);
  const indexOf = (id: string | null) => (id === null ? -1 : items.findIndex(item => idOf(item) === id));
  const activeIndex = indexOf(active);
  // New functions for the same items would make it measure all rows anew with each drawing.
  const keyOf = useCallback((index: number) => (items[index] ? idOf(items[index]) : index), [items]);
  // The row that the keys are about stays on the page, or the focus would be lost.
  const rangeExtractor = useRangeWith(activeIndex);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: size,
    getItemKey: keyOf,
    overscan: 3,
    scrollMargin: room.above,
    initialOffset: left.scroll,
    rangeExtractor,
  });
  useEffect(() => virtual.measure(), [virtual, size]);
  useEffect(() => {
    left = { scroll: virtual.scrollOffset ?? 0, active };
  });
  const focusRow = (index: number) => {
    const item = items[index];
    if (item?.kind !== 'row') return;
    setActive(item.entry.id);
    virtual.scrollToIndex(index, { align: 'auto' });
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${item.entry.id}"]`)?.focus(),
    );
  };
  useListKeys({ items, active, activeIndex, me, focusRow, onOpen, onAsk });
  const onMore = useCallback((entry: Entry, button: HTMLElement) => setMore({ entry, button }), []);
  const onActive = useCallback((id: string) => setActive(id), []);
  const shown = virtual.getVirtualItems();
  const first = shown.find(one => one.end > (virtual.scrollOffset ?? 0)) ?? shown[0];
  const section = sectionAt(items, first?.index ?? 0);
  const firstRow = items.findIndex(item => item.kind === 'row');
  return (
    <div className={styles.scroller} ref={scroller} data-scroller>
      <div
        role="grid"
        className={styles.grid}
        aria-label={t('list.rows', { count: entries.length })}
        aria-rowcount={items.length + 1}
      >
        <Columns wide={width === 'wide'} phone={width === 'phone'} />
        {section !== null && (
          <div className={styles.stuck} aria-hidden>
            <SectionHead section={section} counts={counts} />
          </div>
        )}
        <div
          role="rowgroup"
          className={styles.rows}
          style={{ height: Math.max(virtual.getTotalSize() + room.above, room.height) }}
        >
          {shown.map(one => {
            const item = items[one.index];
            if (item === undefined) return null;
            return (
              <div
                key={one.key}
                role="presentation"
                className={styles.at}
                style={{ transform: `translateY(${one.start}px)` }}
              >
                {item.kind === 'head' ? (
                  <div role="row" aria-rowindex={one.index + 2}>
                    <div role="gridcell" aria-colspan={7}>
                      <SectionHead section={item.section} counts={counts} />
                    </div>
                  </div>
                ) : (
                  <Row
                    entry={item.entry}
                    me={me}
                    next={item.entry.id === next}
                    fresh={fresh.has(item.entry.id)}
                    gone={item.gone}
                    active={activeIndex === -1 ? one.index === firstRow : one.index === activeIndex}
                    menu={more?.entry.id === item.entry.id}
                    width={width}
                    place={one.index + 1}
                    onMore={onMore}
                    onAsk={onAsk}
                    onOpen={onOpen}
                    onActive={onActive}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
      {more !== null && (
        <More
          entry={more.entry}
          button={more.button}
          onAsk={onAsk}
          onOpen={onOpen}
          onClose={() => setMore(null)}
        />
      )}
    </div>
  );
}

function sectionAt(items: readonly Item[], index: number): Section | null {
  return items[index]?.section ?? null;
}

/** Entries that came while the list was looked at; each fades once. */
function useFresh(entries: readonly Entry[]): ReadonlySet<string> {
  const generation = useLive(live => live.generation);
  const known = useRef<{ generation: number; ids: Set<string> } | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const ids = new Set(entries.map(entry => entry.id));
    const before = known.current;
    known.current = { generation, ids };
    if (before === null || before.generation !== generation) return;
    const came = [...ids].filter(id => !before.ids.has(id));
    // Many at once are pages of a long list, or another filter.
    if (came.length === 0 || came.length > 5) return;
    setFresh(new Set(came));
    const timer = setTimeout(() => setFresh(new Set()), 1_300);
    return () => clearTimeout(timer);
  }, [entries, generation]);
  return fresh;
}

interface KeysOf {
  items: readonly Item[];
  active: string | null;
  activeIndex: number;
  me: string | null;
  focusRow: (index: number) => void;
  onOpen: (id: string) => void;
  onAsk: (asked: Asked) => void;
}

function useListKeys({ items, activeIndex, me, focusRow, onOpen, onAsk }: KeysOf): void {
  const item = items[activeIndex];
  const entry = item?.kind === 'row' ? item.entry : null;
  const step = (by: 1 | -1) => {
    let index = activeIndex === -1 && by === -1 ? items.length : activeIndex;
    do index += by;
    while (items[index]?.kind === 'head');
    focusRow(index);
  };
  const withEntry = (act: (entry: Entry) => void) => () => {
    if (entry === null) return false;
    act(entry);
    return true;
  };
  useKey('rowDown', () => step(1));
  useKey('rowUp', () => step(-1));
  useKey(
    'open',
    withEntry(one => onOpen(one.id)),
  );
  useKey(
    'callBack',
    withEntry(one => void (mayCall(one, me) && callBack(one))),
  );
  useKey(
    'claim',
    withEntry(one => void (holdOf(one, me) === 'mine' ? release(one) : claim(one))),
  );
  useKey(
    'postpone',
    withEntry(one => onAsk({ what: 'postpone', entry: one })),
  );
  useKey(
    'play',
    withEntry(one => {
      const { playing, sound } = usePlayback.getState();
      const message = toPlay(one, playing ? sound : null);
      if (message !== undefined) void playOrPause(messageOf(message, one.id));
    }),
  );
}

export function Columns({
  wide,
  phone,
  closed = false,
}: {
  wide: boolean;
  phone: boolean;
  closed?: boolean;
}) {
  const { t } = useTranslation();
  if (phone) return null;
  return (
    <div role="rowgroup" className={styles.columns}>
      <div role="row" aria-rowindex={1} className={`${styles.line} ${styles.columnsLine}`}>
        <span role="columnheader">{closed ? t('list.result') : t('list.promise')}</span>
        <span role="columnheader">{t('list.who')}</span>
        <span role="columnheader">{t('list.why')}</span>
        {wide && (
          <>
            <span role="columnheader" className={styles.for}>
              {t('list.for')}
            </span>
            <span role="columnheader" className={styles.since}>
              {closed ? t('list.closedAt') : t('list.since')}
            </span>
            <span role="columnheader" className={styles.tries}>
              {t('list.attempts')}
            </span>
          </>
        )}
        <span role="columnheader">
          <span className="only-heard">{t('list.action')}</span>
        </span>
      </div>
    </div>
  );
}

function SectionHead({ section, counts }: { section: Section; counts: Counts }) {
  const { t } = useTranslation();
  const { all, overdue } = counts[section];
  return (
    <div className={styles.section}>
      {ICONS[section]}
      <b>{t(`list.${section}`)}</b>
      <span>{all}</span>
      {overdue > 0 && <span>{t('list.overdue', { count: overdue })}</span>}
    </div>
  );
}
