import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { type Entry, useLive } from '@/live';
import { anEntry } from '@/live/fixture';
import { joined, useClosed } from './closed';
import type { Around } from './filter';
import type { Search } from './search';

interface Asked {
  reason: string;
  limit: number;
  after?: string;
  q?: string;
}

const asked: Asked[] = [];
let answer: (query: Asked) => { items: Entry[]; next: string | null };

const AROUND: Around = { me: null, agent: null, desk: null, now: 0, nameOf: () => null };

const closed = (id: string, at: number) =>
  anEntry(id, { state: { name: 'closed', reason: 'unreachable', at } });

afterEach(cleanup);

beforeEach(() => {
  asked.length = 0;
  answer = () => ({ items: [], next: null });
  useLive.setState({ entries: new Map(), gone: new Set() });
  const get = async (_: string, { params: { query } }: { params: { query: Asked } }) => {
    asked.push(query);
    return { data: answer(query), response: new Response() };
  };
  vi.spyOn(api, 'GET').mockImplementation(get as never);
});

function closedList(search: Search) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  return renderHook(() => useClosed('unreachable', search, AROUND), { wrapper });
}

it('looks through some pages for what fits by itself, and through more when it is asked to', async () => {
  answer = ({ after }) => ({ items: [], next: `${Number(after ?? 0) + 1}` });
  const { result } = closedList({ q: ' Ｅlena ' });
  await waitFor(() => expect(result.current.goesOn || result.current.isPending).toBe(false));
  expect(asked).toHaveLength(10);
  expect(asked[9]).toEqual({ reason: 'unreachable', limit: 200, after: '9', q: 'Elena', service: undefined });
  expect(result.current).toMatchObject({ hasMore: true, entries: [] });
  answer = ({ after }) => ({
    items: after === '14' ? [closed('late', 1)] : [],
    next: after === '14' ? null : `${Number(after) + 1}`,
  });
  act(() => result.current.more());
  await waitFor(() => expect(result.current.entries.map(entry => entry.id)).toEqual(['late']));
  expect(asked).toHaveLength(15);
  expect(result.current.hasMore).toBe(false);
});

it('asks once for whatever has closed since, and never for all that was looked through', async () => {
  answer = ({ after }) => ({
    items: after === '1' ? [closed('old', 1)] : [],
    next: after === '1' ? null : '1',
  });
  const { result } = closedList({ q: 'elena' });
  await waitFor(() => expect(result.current.entries.map(entry => entry.id)).toEqual(['old']));
  expect(asked).toHaveLength(2);
  // Who comes onto the list has closed nothing.
  act(() => useLive.setState({ total: 7, entries: new Map([['new', anEntry('new')]]) }));
  await act(() => new Promise(resolve => setTimeout(resolve, 1_300)));
  expect(asked).toHaveLength(2);
  answer = () => ({ items: [closed('fresh', 2)], next: '1' });
  for (const id of ['a', 'b', 'fresh']) act(() => useLive.setState({ gone: new Set([id]) }));
  await waitFor(() => expect(result.current.entries.map(entry => entry.id)).toEqual(['fresh', 'old']), {
    timeout: 3_000,
  });
  expect(asked).toHaveLength(3);
  expect(asked[2]).toMatchObject({ limit: 200, q: 'elena', after: undefined });
  // What is opened again stands on the list, and not here.
  act(() => useLive.setState({ entries: new Map([['old', anEntry('old')]]) }));
  expect(result.current.entries.map(entry => entry.id)).toEqual(['fresh']);
});

it('says that a part did not come, and goes on from there', async () => {
  const pages = ['1', '2', null];
  answer = ({ after }) => {
    if (after === '2') throw new Error('away');
    return { items: [closed(`of-${after ?? 0}`, 1)], next: pages[Number(after ?? 0)] ?? null };
  };
  const { result } = closedList({ q: 'elena' });
  await waitFor(() => expect(result.current.hasFailed).toBe(true));
  expect(result.current.entries).toHaveLength(2);
  answer = () => ({ items: [closed('of-2', 1)], next: null });
  act(() => result.current.retry());
  await waitFor(() => expect(result.current.entries).toHaveLength(3));
  expect(result.current.hasFailed).toBe(false);
  expect(asked).toHaveLength(4);
});

it('looks anew when somebody comes back to what they looked for before', async () => {
  answer = () => ({ items: [closed('old', 1)], next: null });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 10_000 } } });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const look = (q?: string) => renderHook(() => useClosed('unreachable', { q }, AROUND), { wrapper });
  const before = look();
  await waitFor(() => expect(before.result.current.entries).toHaveLength(1));
  before.unmount();
  answer = () => ({ items: [closed('fresh', 2), closed('old', 1)], next: null });
  useLive.setState({ gone: new Set(['fresh']) });
  const { result } = look();
  await waitFor(() => expect(result.current.entries.map(entry => entry.id)).toEqual(['fresh', 'old']));
});

const ids = (known: { pages: { items: Entry[] }[] }) =>
  known.pages.map(page => page.items.map(entry => entry.id));

it('loses none of many that close at once, counts none twice, and drops what has closed as something else', () => {
  const of = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => closed(`e${from + n}`, 1_000 - from - n));
  const old = {
    pages: [
      { items: of(10, 13), next: { unreachable: 'a' } },
      { items: of(13, 15), next: { unreachable: null } },
    ],
    pageParams: [{}, {}],
  };
  const page = (items: Entry[]) => ({ items, next: { unreachable: 'b' } });
  const none = () => false;
  const few = joined(old, page(of(8, 11)), { limit: 3 }, none);
  expect(ids(few)).toEqual([
    ['e8', 'e9', 'e10', 'e11', 'e12'],
    ['e13', 'e14'],
  ]);
  expect(few.pages[0]?.next).toEqual({ unreachable: 'a' });
  expect(ids(joined(few, page(of(8, 11)), { limit: 3 }, none))).toEqual(ids(few));
  expect(joined(old, page(of(5, 8)), { limit: 3 }, none).pages).toEqual([page(of(5, 8))]);
  expect(ids(joined(old, page(of(9, 10)), { limit: 3 }, id => id === 'e13'))).toEqual([
    ['e9', 'e10', 'e11', 'e12'],
    ['e14'],
  ]);
});

it('begins anew after the page was away, and asks again where it had failed', async () => {
  answer = () => ({ items: [closed('old', 1)], next: null });
  const { result } = closedList({ q: 'elena' });
  await waitFor(() => expect(result.current.entries).toHaveLength(1));
  answer = () => ({ items: [closed('fresh', 2)], next: null });
  act(() => useLive.setState(({ generation }) => ({ generation: generation + 1, gone: new Set() })));
  await waitFor(() => expect(result.current.entries.map(entry => entry.id)).toEqual(['fresh']), {
    timeout: 3_000,
  });
  answer = () => {
    throw new Error('away');
  };
  const failed = closedList({ q: 'hannah' });
  await waitFor(() => expect(failed.result.current.hasFailed).toBe(true));
  answer = () => ({ items: [closed('there', 3)], next: null });
  act(() => useLive.setState(({ generation }) => ({ generation: generation + 1 })));
  await waitFor(() => expect(failed.result.current.entries.map(entry => entry.id)).toEqual(['there']));
});
