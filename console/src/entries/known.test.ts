import { renderHook, waitFor } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { api } from '@/api';
import { anEntry } from '@/live/fixture';
import { useCustomerName } from './known';

it('asks once for all rows that come into sight together, and not for those without a number', async () => {
  const asked: string[] = [];
  const answer = (_: string, { params }: { params: { query: { entries: string } } }) => {
    asked.push(params.query.entries);
    return Promise.resolve({ data: { names: { cbr_1: 'Wang Li' } }, response: new Response() });
  };
  vi.spyOn(api, 'GET').mockImplementation(answer as never);
  const entries = [anEntry('cbr_1'), anEntry('cbr_2'), anEntry('cbr_3', { number: null })];
  const { result } = renderHook(() => entries.map(useCustomerName));
  expect(result.current).toEqual([null, null, null]);
  await waitFor(() => expect(result.current).toEqual(['Wang Li', null, null]));
  expect(asked).toEqual(['cbr_1,cbr_2']);
});
