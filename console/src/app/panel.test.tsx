import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { useDrafts, write } from '@/features/after-call';
import { type Agent, useLive } from '@/live';
import { aCall, aNote, anAgent } from '@/live/fixture';
import { Themed } from '@/ui';
import { Panel } from './panel';

const MIA = '2014';

function miaIs(more: Partial<Agent>, version: number): void {
  act(() => useLive.setState({ agents: new Map([[MIA, anAgent(MIA, { ...more, version })]]) }));
}

const field = () => screen.queryByRole('textbox', { name: 'Note' });

beforeEach(() => {
  sessionStorage.clear();
  const nothing = { error: { code: 'not_found', message: '', problems: [] } };
  const answers = () => Promise.resolve({ ...nothing, response: new Response(null, { status: 404 }) });
  vi.spyOn(api, 'GET').mockImplementation(answers as never);
  vi.spyOn(api, 'PUT').mockImplementation(answers as never);
  const old = aNote('call_old', { agent: MIA, number: '+8613800134417', ended: 5, open: true });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: MIA, groups: null },
    notes: new Map([['call_old', old]]),
    calls: new Map(),
    phone: null,
  });
  miaIs({}, 1);
  write('call_old');
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it('never puts what is typed while somebody is dialled to the customer of before', async () => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <Panel />
      </Themed>
    </QueryClientProvider>,
  );
  expect((await screen.findByRole('textbox', { name: 'Note' })).id).toBe('note-call_old');

  // Call back at another row: first the own phone, then the customer is dialled.
  const back = aCall('call_new', { number: '+442079460118', entry: 'cbr_1', agents: [MIA] });
  act(() => useLive.setState({ calls: new Map([['call_new', back]]) }));
  miaIs({ state: 'reserved', call: 'call_new' }, 2);
  expect(field()).toBeNull();
  expect(screen.getByText('Dialling')).toBeDefined();
  expect(screen.queryByText('+86 138 0013 4417')).toBeNull();

  const talks = { ...back, connected: 9 };
  act(() => useLive.setState({ calls: new Map([['call_new', talks]]) }));
  miaIs({ state: 'talking', call: 'call_new' }, 3);
  const now = field();
  expect(now?.id).toBe('note-call_new');
  if (now !== null) fireEvent.change(now, { target: { value: 'Wants an engineer' } });
  const { drafts } = useDrafts.getState();
  expect([...drafts].map(([call, draft]) => [call, draft.written.note])).toEqual([
    ['call_new', 'Wants an engineer'],
  ]);
});

it('shows the open note of before again when nobody was reached', async () => {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <Panel />
      </Themed>
    </QueryClientProvider>,
  );
  act(() => useLive.setState({ calls: new Map([['call_new', aCall('call_new', { entry: 'cbr_1' })]]) }));
  miaIs({ state: 'reserved', call: 'call_new' }, 2);
  expect(field()).toBeNull();
  act(() => useLive.setState({ calls: new Map() }));
  miaIs({}, 3);
  expect((await screen.findByRole('textbox', { name: 'Note' })).id).toBe('note-call_old');
  expect(screen.getByText('+86 138 0013 4417')).toBeDefined();
});

it('says in the wrap-up how long they talked', async () => {
  const talks = aCall('call_new', { connected: 10_000, agents: [MIA] });
  useLive.setState({ calls: new Map([['call_new', talks]]) });
  miaIs({ state: 'talking', call: 'call_new' }, 2);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <Panel />
      </Themed>
    </QueryClientProvider>,
  );
  const ended = aNote('call_new', { agent: MIA, ended: 135_000, open: true });
  act(() => useLive.setState({ calls: new Map(), notes: new Map([['call_new', ended]]) }));
  miaIs({ state: 'wrap_up', wrap_up_of: 'call_new', wrap_up_until: 200_000 }, 3);
  expect(await screen.findByText(/talked 2:05/)).toBeDefined();
});

/** What the server answers, by the path that is asked. */
function answers(by: Record<string, unknown>): void {
  vi.spyOn(api, 'GET').mockImplementation(((path: string) =>
    Promise.resolve(
      path in by
        ? { data: by[path], response: new Response() }
        : {
            error: { code: 'not_found', message: '', problems: [] },
            response: new Response(null, { status: 404 }),
          },
    )) as never);
}

const past = {
  call: 'call_new',
  began: 1_000,
  ended: 140_000,
  direction: 'in',
  number: '+8613800134417',
  service: 'support',
  entry: null,
  legs: [
    { party: 'customer', began: 1_000, answered: 1_000, ended: null },
    { party: { agent: MIA }, began: 9_000, answered: 10_000, ended: 135_000 },
  ],
};

it('knows in a page that was opened anew since how long they talked', async () => {
  answers({ '/api/history/{call}': past });
  useLive.setState({
    notes: new Map([['call_new', aNote('call_new', { agent: MIA, ended: 135_000, open: true })]]),
  });
  miaIs({ state: 'wrap_up', wrap_up_of: 'call_new', wrap_up_until: 200_000 }, 2);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <Panel />
      </Themed>
    </QueryClientProvider>,
  );
  expect(await screen.findByText(/talked 2:05/)).toBeDefined();
});

it('calls customers by their names in what stands open, in the last calls and for the next dial', async () => {
  answers({
    '/api/history': { items: [past], next: null },
    '/api/history/names': { names: { call_new: 'Elena Marsh', call_old: 'Elena Marsh' } },
    '/api/contacts': { items: [{ name: 'Elena Marsh', numbers: ['+8613800134417'] }], next: null },
  });
  write(null);
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <Panel />
      </Themed>
    </QueryClientProvider>,
  );
  expect(await screen.findByRole('button', { name: 'Redial Elena Marsh' })).toBeDefined();
  expect(await screen.findByRole('button', { name: /^Note.*Elena Marsh/ })).toBeDefined();
  expect((await screen.findByTitle('Redial Elena Marsh')).textContent).toContain('Elena Marsh');
  expect(screen.queryByText(/134417|3 4417/)).toBeNull();
});
