import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { spoken } from '@/i18n';
import { type Entry, useLive } from '@/live';
import { anEntry } from '@/live/fixture';
import {
  learnNames,
  useCustomerName,
  useFinding,
  useNameOfCall,
  useNameOfNumber,
  useNamesFor,
} from './known';
import { useWho, useWhoOfCall } from './who';
import { whoIs } from './words';

const asked: string[] = [];
let names: Record<string, string> = {};
let contacts: { name: string; numbers: string[] }[] = [];

// What is still mounted goes on asking.
afterEach(cleanup);

beforeEach(() => {
  asked.length = 0;
  const answer = (path: string, { params: { query } }: { params: { query: Record<string, string> } }) => {
    asked.push(query.entries ?? query.calls ?? query.q ?? '');
    const data = path === '/api/contacts' ? { items: contacts } : { names };
    return Promise.resolve({ data, response: new Response() });
  };
  vi.spyOn(api, 'GET').mockImplementation(answer as never);
});

it('asks once for all rows that come into sight together, and not for those without a number', async () => {
  names = { cbr_1: 'Wang Li' };
  const entries = [anEntry('cbr_1'), anEntry('cbr_2'), anEntry('cbr_3', { number: null })];
  const { result } = renderHook(() => entries.map(useCustomerName));
  expect(result.current).toEqual([null, null, null]);
  await waitFor(() => expect(result.current).toEqual(['Wang Li', null, null]));
  expect(asked).toEqual(['cbr_1,cbr_2']);
});

it('asks for nothing that is out of sight again before anybody could read it', async () => {
  names = {};
  const { rerender } = renderHook(({ at }) => useCustomerName(anEntry(`cbr_4${at}`)), {
    initialProps: { at: 0 },
  });
  for (let at = 1; at < 10; at += 1) rerender({ at });
  await waitFor(() => expect(asked).toEqual(['cbr_49']));
});

it('has names for whoever scrolls on and on as well', async () => {
  names = {};
  const { rerender } = renderHook(({ at }) => useCustomerName(anEntry(`cbr_5${at}`)), {
    initialProps: { at: 0 },
  });
  for (let at = 1; at < 30 && asked.length === 0; at += 1) {
    rerender({ at });
    await new Promise(resolve => setTimeout(resolve, 30));
  }
  expect(asked).toHaveLength(1);
});

const NUMBER = (n: number) => `+86138000${20_000 + n}`;

it('finds open entries by name, those out of sight as well, by one question', async () => {
  names = { cbr_6170: '李文博' };
  const all = Array.from({ length: 250 }, (_, n) => anEntry(`cbr_6${n}`, { number: NUMBER(n) }));
  useLive.setState({ entries: new Map(all.map(entry => [entry.id, entry])) });
  const { result, rerender } = renderHook(({ query }) => useNamesFor(query), {
    initialProps: { query: '0118' },
  });
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(asked).toEqual([]);
  for (const query of ['li', '李']) rerender({ query });
  await waitFor(() => expect(all.filter(entry => result.current(entry) === '李文博')).toEqual([all[170]]));
  expect(asked).toEqual(['李']);
  // Whoever types on looks among those who were found.
  rerender({ query: '李文' });
  await settles();
  expect(all.filter(entry => result.current(entry) !== null)).toEqual([all[170]]);
  // A part of the list that the page fetches only now was looked through by the server.
  const comes = (entry: Entry, arrivals: number) =>
    act(() =>
      useLive.setState(({ entries }) => ({ entries: new Map([...entries, [entry.id, entry]]), arrivals })),
    );
  comes(anEntry('cbr_6998', { number: NUMBER(998) }), 0);
  await settles();
  expect(asked).toEqual(['李']);
  // Who comes onto the list meanwhile is looked for as well.
  const late = anEntry('cbr_6999', { number: NUMBER(999) });
  names = { ...names, cbr_6999: '李文' };
  comes(late, 1);
  await waitFor(() => expect(result.current(late)).toBe('李文'), { timeout: 3_000 });
  expect(asked).toEqual(['李', '李文']);
});

/** Longer than anything waits before it asks. */
const settles = () => act(() => new Promise(resolve => setTimeout(resolve, 1_200)));

it('finds whom the number is hidden of by name, and nobody else with the same digits left', async () => {
  names = { cbr_71: 'Elena Marsh' };
  const all = ['cbr_71', 'cbr_72'].map(id => anEntry(id, { number: '138****0118' }));
  useLive.setState({ entries: new Map(all.map(entry => [entry.id, entry])) });
  const { result } = renderHook(() => useNamesFor('elena'));
  await waitFor(() => expect(all.map(result.current)).toEqual(['Elena Marsh', null]));
  expect(asked).toEqual(['elena']);
});

it('says that it looks among names until it has an answer, or is refused one', async () => {
  names = {};
  const { result, rerender } = renderHook(
    ({ query }) => {
      useNamesFor(query);
      return useFinding(query);
    },
    { initialProps: { query: '0118' } },
  );
  expect(result.current).toBe('known');
  rerender({ query: 'grete' });
  expect(result.current).toBe('asked');
  await waitFor(() => expect(result.current).toBe('known'));
  // Nobody's name has that in it: so has none what is typed on.
  rerender({ query: 'grete h' });
  expect(result.current).toBe('known');
  vi.spyOn(api, 'GET').mockRejectedValue(new Error('away'));
  rerender({ query: 'hans' });
  expect(result.current).toBe('asked');
  await waitFor(() => expect(result.current).toBe('failed'));
});

it('calls a customer by name wherever it is known, else by number', async () => {
  names = { cbr_300: 'Hannah Cole' };
  const [known, unknown] = [anEntry('cbr_300'), anEntry('cbr_301')];
  expect(whoIs(spoken.t, known)).toBe('+86 138 0013 8000');
  const { result } = renderHook(() => [useWho(known), useWho(unknown)]);
  await learnNames(['cbr_300', 'cbr_301'], 1_000);
  expect(whoIs(spoken.t, known)).toBe('Hannah Cole');
  await waitFor(() => expect(result.current).toEqual(['Hannah Cole', '+86 138 0013 8000']));
});

it('finds who called before by the number, unless that is hidden', async () => {
  contacts = [
    { name: 'Somebody near', numbers: ['+8613800138001'] },
    { name: 'Tom Okafor', numbers: ['+44201', '+8613800138000'] },
  ];
  const numbers = ['+8613800138000', '138****8000', null];
  const { result } = renderHook(() => numbers.map(useNameOfNumber));
  await waitFor(() => expect(result.current).toEqual(['Tom Okafor', null, null]));
  expect(asked).toEqual(['+8613800138000']);
});

it('has names for calls that are over, by one question, also where numbers are hidden', async () => {
  names = { call_1: 'Elena Marsh' };
  const calls = [
    { call: 'call_1', number: '138****0118' },
    { call: 'call_2', number: '138****0118' },
    { call: 'call_3', number: null },
  ];
  const { result } = renderHook(() => calls.map(useNameOfCall));
  await waitFor(() => expect(result.current).toEqual(['Elena Marsh', null, null]));
  expect(asked).toEqual(['call_1,call_2']);
});

it('keeps the name of a call once its entry is closed and gone', async () => {
  names = { cbr_801: 'Elena Marsh', call_801: 'Elena Marsh' };
  const number = '138****0118';
  const entry = anEntry('cbr_801', { number });
  useLive.setState({ entries: new Map([[entry.id, entry]]) });
  const call = { call: 'call_801', number, entry: entry.id };
  const { result } = renderHook(() => useWhoOfCall(call));
  await waitFor(() => expect(result.current).toBe('Elena Marsh'));
  await waitFor(() => expect(asked.toSorted()).toEqual(['call_801', 'cbr_801']));
  act(() => useLive.setState({ entries: new Map() }));
  expect(result.current).toBe('Elena Marsh');
});
