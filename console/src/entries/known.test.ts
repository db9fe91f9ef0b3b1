import { renderHook, waitFor } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { spoken } from '@/i18n';
import { useLive } from '@/live';
import { anEntry } from '@/live/fixture';
import { learnNames, useCustomerName, useNameOfNumber, useNamesFor } from './known';
import { useWho } from './who';
import { whoIs } from './words';

const asked: string[] = [];
let names: Record<string, string> = {};
let contacts: { name: string; numbers: string[] }[] = [];

beforeEach(() => {
  asked.length = 0;
  const answer = (path: string, { params: { query } }: { params: { query: Record<string, string> } }) => {
    asked.push(query.entries ?? query.q ?? '');
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

it('knows the names of all open entries while somebody searches by name, those out of sight as well', async () => {
  names = { cbr_20: '李文博' };
  const all = Array.from({ length: 250 }, (_, n) => anEntry(`cbr_${n + 10}`));
  useLive.setState({ entries: new Map(all.map(entry => [entry.id, entry])) });
  const { result, rerender } = renderHook(({ query }) => useNamesFor(query), {
    initialProps: { query: '0118' },
  });
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(asked).toEqual([]);
  rerender({ query: '李' });
  await waitFor(() => expect(asked).toHaveLength(3));
  await waitFor(() => expect(all.filter(entry => result.current(entry) === '李文博')).toHaveLength(1));
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
