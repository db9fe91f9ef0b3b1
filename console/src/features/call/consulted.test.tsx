import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Agent, type Call, type OwnPhone, useLive } from '@/live';
import { aCall, anAgent } from '@/live/fixture';
import { Themed } from '@/ui';
import { CallPanel } from '.';

const PRIYA = '2011';
const MIA = '2014';

const consult = { by: MIA, by_name: 'Mia Torres', to: {}, agent: PRIYA, since: 5, with: 'target' } as const;

/** Priya's panel, in a call in which Mia asks her about Elena Marsh. */
function shows(call: Partial<Call>, priya: Partial<Agent>, leg: OwnPhone['calls'][number]['state']) {
  const shown = aCall('call_1', { agents: [MIA, PRIYA], queue: '600', connected: 3, held: true, ...call });
  useLive.setState({
    me: { user: 'priya', role: 'agent', agent: PRIYA, groups: null },
    agents: new Map([
      [MIA, anAgent(MIA, { name: 'Mia Torres', state: 'talking', call: 'call_1' })],
      [PRIYA, anAgent(PRIYA, { name: 'Priya N.', call: 'call_1', ...priya })],
    ]),
    calls: new Map([['call_1', shown]]),
    phone: {
      calls: [{ leg: 'leg_1', call: 'call_1', state: leg }],
      connection: 1,
      echo: false,
      extension: '2011',
      state: 'up',
    },
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <CallPanel name="Elena Marsh" />
      </Themed>
    </QueryClientProvider>,
  );
}

const key = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });
const FOREIGN = ['Hand over', 'Swap', 'Back', 'Take out'];
const foreign = () => FOREIGN.filter(name => screen.queryByRole('button', { name }) !== null);

beforeEach(() => sessionStorage.clear());
afterEach(cleanup);

it('says by whom one is asked, and about whom, as it rings', () => {
  shows({ consult }, { state: 'ringing' }, 'ringing');
  expect(screen.getByRole('heading', { name: 'Mia Torres asks you' })).toBeDefined();
  expect(screen.getByRole('alert').textContent).toBe('Mia Torres asks you about Elena Marsh');
  expect(screen.getByText('Mia Torres keeps the customer where you decline.')).toBeDefined();
  expect(screen.queryByText('Incoming call')).toBeNull();
});

it('offers whoever is asked only what they may do', () => {
  shows({ consult: { ...consult, answered: 9 } }, { state: 'talking' }, 'talking');
  expect(screen.getByRole('heading', { name: 'Elena Marsh' })).toBeDefined();
  expect(screen.getByText('You talk with Mia Torres. The customer hears music.')).toBeDefined();
  expect(foreign()).toEqual([]);
  const off = ['Hold', 'Keypad', 'Transfer', 'Conference', 'Pause rec.'].map(name => key(name).disabled);
  expect(off).toEqual([true, true, true, true, true]);
  expect(key('Transfer').title).toBe('Mia Torres does that.');
  expect([key('Mute').disabled, key('Hang up').disabled]).toEqual([false, false]);
});

it('says whom one waits for, and in a conference who else is there', () => {
  shows({ consult: { ...consult, answered: 9, with: 'customer' } }, { state: 'talking' }, 'talking');
  expect(screen.getByText('Mia Torres talks with the customer. You hear music.')).toBeDefined();
  cleanup();
  const all = { ...consult, answered: 9, with: 'all' };
  shows({ consult: all, conference: true, held: false }, { state: 'talking' }, 'talking');
  expect(screen.getByText('Elena Marsh, Mia Torres and you hear each other.')).toBeDefined();
  expect(foreign()).toEqual([]);
  expect(key('Leave').disabled).toBe(false);
});

it('gives whoever takes the customer over everything that belongs to the call', () => {
  shows({ agents: [PRIYA], held: false }, { state: 'talking' }, 'talking');
  expect(['Hold', 'Keypad', 'Transfer', 'Conference'].map(name => key(name).disabled)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
