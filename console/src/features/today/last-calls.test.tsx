import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { type Desk, useLive, useNames } from '@/live';
import { anAgent } from '@/live/fixture';
import { Themed } from '@/ui';
import type { Today } from './day';
import { TodayPage } from '.';

vi.mock('@tanstack/react-router', () => ({
  Link: ({ children }: { children: React.ReactNode }) => <a href="/history">{children}</a>,
}));

const call = (id: string, more: object) => ({
  call: id,
  began: 1_800_000_000_000,
  direction: 'out',
  end: 'not_reached',
  result: null,
  ended_by: null,
  number: null,
  extension: '2014',
  talked: 0,
  legs: [],
  ...more,
});

const day = {
  agent: '2014',
  from: 0,
  to: 86_400_000,
  now: 50_000,
  counted_from: 0,
  standing: { state: 'not_signed_in', reason: null, since: 0 },
  signed_in_at: 10_000,
  signed_in: 0,
  states: [],
  breaks: [],
  calls: { taken: 0, made: 0, callbacks: 0, not_answered: 0, declined: 0 },
  promises: { kept: 0, late: 0 },
  claims: [],
  last: [
    call('call_1', {
      direction: 'internal',
      end: 'missed',
      legs: [{ party: { agent: '2014' } }, { party: { agent: '2011' } }],
    }),
    call('call_2', { number: '138****0118', result: 'interrupted', ended_by: 'caller' }),
  ],
} as unknown as Today;

afterEach(cleanup);

it('tells the last calls as the history does: with whom they were, by name, and what came of them', async () => {
  const colleagues = [
    { key: '2014', name: 'Mia Torres', extension: '2014', number: '2014' },
    { key: '2011', name: 'Priya N.', extension: '2011', number: '2011' },
  ];
  useNames.setState({ desk: { colleagues, phones: [] } as unknown as Desk });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014')]]),
  });
  const answer = (path: string) => {
    const data = path === '/api/history/names' ? { names: { call_2: 'Elena Marsh' } } : day;
    return Promise.resolve({ data, response: new Response() });
  };
  vi.spyOn(api, 'GET').mockImplementation(answer as never);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <TodayPage />
      </Themed>
    </QueryClientProvider>,
  );
  await screen.findByText('Elena Marsh');
  const lines = screen.getAllByRole('listitem').map(line => line.textContent);
  expect(lines).toEqual([
    expect.stringMatching(/Priya N\.Missed–$/),
    expect.stringMatching(/Elena MarshGiven up–$/),
  ]);
});
