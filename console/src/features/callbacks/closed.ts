import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { api, need } from '@/api';
import { type Entry, isOpen, useLive, useStep } from '@/live';
import { type Around, fits, onlyMine } from './filter';
import type { Search, Tab } from './search';

type Reason = 'done' | 'served' | 'cancelled' | 'unreachable' | 'expired' | 'refused';

/** A tab of what is closed. */
export type ClosedTab = Exclude<Tab, 'open'>;

/** What stands in each tab. */
const REASONS: Record<ClosedTab, readonly Reason[]> = {
  done: ['done', 'served'],
  unreachable: ['unreachable'],
  other: ['cancelled', 'expired', 'refused'],
};

interface Page {
  items: Entry[];
  /** Where each reason goes on; null where it is at its end. */
  next: Partial<Record<Reason, string | null>>;
}

/** What the server looks for. */
interface Wanted {
  limit: number;
  q?: string;
  service?: string;
}

const PAGE = 50;

/** A page of what is looked through, not read. */
const PAGE_OF_MANY = 200;

/** The longest text that the server looks for, in characters. */
const LONGEST_SEARCH = 100;

/** What is typed is looked for after this, in milliseconds. */
const TYPED = 250;

/** What has closed meanwhile is asked for once in so long, in milliseconds. */
const FRESH = 1_000;

/** Whoever filters is shown so many that fit, if they are there, without asking for more. */
const ENOUGH = 20;

/** So many pages are looked through for them before somebody has to ask for more. */
const MOST_PAGES = 10;

async function fetchPage(reasons: readonly Reason[], wanted: Wanted, from: Page['next']): Promise<Page> {
  const pages = await Promise.all(
    reasons.map(async reason => {
      const after = from[reason];
      if (after === null) return { reason, items: [] as Entry[], next: null };
      const query = { reason, after, ...wanted };
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

/** What is typed, once somebody rests. */
function useRested(typed: string | undefined): string | undefined {
  const [rested, setRested] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setRested(typed), TYPED);
    return () => clearTimeout(timer);
  }, [typed]);
  return rested;
}

type Known = InfiniteData<Page, Page['next']>;

/** What is known, with what has closed since before it; all of it anew where that is more than one page tells. */
export function joined(old: Known, fresh: Page, { limit }: Wanted, isOut: (id: string) => boolean): Known {
  const known = new Set(old.pages.flatMap(page => page.items.map(entry => entry.id)));
  const of = (reason: unknown) => fresh.items.filter(entry => entry.state.reason === reason);
  // Without one that is known there may be others between these and those.
  const hasGap = fresh.items.some(({ state: { reason } }) => {
    const all = of(reason);
    return all.length >= limit && !all.some(entry => known.has(entry.id));
  });
  if (hasGap) return { pages: [fresh], pageParams: [{}] };
  const here = new Set(fresh.items.map(entry => entry.id));
  const stays = ({ id }: Entry) => !here.has(id) && !isOut(id);
  const pages = old.pages.map(page => ({ ...page, items: page.items.filter(stays) }));
  if (pages[0]) pages[0].items.unshift(...fresh.items);
  return { ...old, pages };
}

/** Brings what has closed since: never the whole list anew, however far somebody has looked, unless the page was away. */
function useFresh(key: readonly unknown[], wanted: Wanted, fetchFirst: () => Promise<Page>) {
  const client = useQueryClient();
  const gone = useLive(live => live.gone);
  const generation = useLive(live => live.generation);
  const now = useStep(FRESH);
  const seen = useRef({ gone, generation });
  const looks = useRef(false);
  const look = useEffectEvent(async () => {
    const before = seen.current;
    // Only what has left the open list can have come here. A page that comes just now would be joined to what was known before it
    // was asked for: the next look waits for it.
    const isBusy = () => client.isFetching({ queryKey: key }) > 0;
    if ((before.gone === gone && before.generation === generation) || looks.current || isBusy()) return;
    looks.current = true;
    const fresh = await fetchFirst().catch(() => null);
    looks.current = false;
    if (fresh !== null && isBusy()) return;
    seen.current = { gone, generation };
    // Where it failed, the next one that leaves asks again.
    if (fresh === null) return;
    // What was opened again and closed anew may stand elsewhere now.
    const isOut = (id: string) => gone.has(id) && !before.gone.has(id);
    const anew = { pages: [fresh], pageParams: [{}] };
    client.setQueryData<Known>(
      key,
      old => old && (before.generation === generation ? joined(old, fresh, wanted, isOut) : anew),
    );
  });
  useEffect(() => void look(), [now]);
}

/** The closed entries that are looked for, the last one first, and how far they were looked through. */
export function useClosed(tab: ClosedTab, search: Search, around: Around) {
  const reasons = REASONS[tab];
  // What is typed is looked for by the server, among all of them; it has the names, too.
  const q = useRested(search.q?.normalize('NFKC').trim().slice(0, LONGEST_SEARCH)) || undefined;
  const { service } = search;
  // Agents are shown nothing else than what is for them anyway.
  const isMine = onlyMine(search, around.me) && around.me?.role !== 'agent';
  const isNarrow = isMine || [q, service, search.reason].some(one => one !== undefined);
  const wanted: Wanted = { limit: isNarrow ? PAGE_OF_MANY : PAGE, q, service };
  const key = ['closed', tab, wanted];
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(reasons, wanted, pageParam),
    initialPageParam: {} as Page['next'],
    // What closed while another tab or search stood here is told by nothing else.
    staleTime: 0,
    getNextPageParam: page => (Object.values(page.next).some(next => next !== null) ? page.next : undefined),
  });
  useFresh(key, wanted, () => fetchPage(reasons, wanted, {}));
  const open = useLive(live => live.entries);
  const entries = useMemo(() => {
    // What came last tells how an entry is, and stands first.
    const all = (query.data?.pages ?? []).flatMap(page => page.items).reverse();
    const unique = new Map(all.map(entry => [entry.id, entry]));
    // The server has looked for what is typed; that an entry is open is not asked for.
    const fit = fits({ ...search, q: undefined, claimed: undefined }, around);
    const asOpen = (entry: Entry): Entry => ({ ...entry, state: { name: 'waiting' } });
    const isReopened = (known: Entry | undefined) => known !== undefined && isOpen(known);
    return [...unique.values()]
      .filter(entry => !isReopened(open.get(entry.id)) && fit(asOpen(entry)))
      .sort((one, other) => closedAt(other) - closedAt(one));
  }, [query.data, search, around, open]);
  const pages = query.data?.pages.length ?? 0;
  // Whoever asks for more is shown more, for this search. Also where nothing is looked for, most may be other groups'.
  const asked = JSON.stringify(key);
  const [limit, setLimit] = useState({ asked, pages: MOST_PAGES });
  const most = limit.asked === asked ? limit.pages : MOST_PAGES;
  const { fetchNextPage, isFetching } = query;
  const goesOn = query.hasNextPage && !query.isError && entries.length < ENOUGH && pages < most;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
    // Each page is looked at: the next one may come between two pictures.
  }, [goesOn, isFetching, pages, fetchNextPage]);
  const retry = () => void (query.data === undefined ? query.refetch() : fetchNextPage());
  const generation = useLive(live => live.generation);
  const comesBack = useEffectEvent(() => query.isError && retry());
  // Whoever was away is connected again.
  useEffect(() => void comesBack(), [generation]);
  return {
    entries,
    isNarrow,
    /** It looks for what fits by itself. */
    goesOn,
    /** Somebody has asked to look further. */
    isAsked: limit.asked === asked && limit.pages > MOST_PAGES,
    isPending: query.isPending,
    isFetching: query.isFetchingNextPage,
    /** What was asked for last did not come. */
    hasFailed: query.isError,
    hasMore: query.hasNextPage,
    retry,
    more: () => {
      setLimit({ asked, pages: pages + MOST_PAGES });
      void fetchNextPage();
    },
  };
}
