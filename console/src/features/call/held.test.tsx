import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Call, useLive } from '@/live';
import { aCall, aPhone, anAgent } from '@/live/fixture';
import { Themed } from '@/ui';
import { CallPanel } from '.';

const PRIYA = '2011';
const MIA = '2014';

/** Mia's panel, in a call with Priya. */
function shows(call: Partial<Call>) {
  const shown = aCall('call_1', { agents: [MIA, PRIYA], connected: 3, ...call });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: MIA, groups: null },
    agents: new Map([
      [MIA, anAgent(MIA, { name: 'Mia Torres', state: 'held', call: 'call_1' })],
      [PRIYA, anAgent(PRIYA, { name: 'Priya N.', state: 'held', call: 'call_1' })],
    ]),
    calls: new Map([['call_1', shown]]),
    phone: aPhone({ leg: 'leg_1', call: 'call_1', state: 'talking' }),
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>
        <CallPanel name="Priya N." />
      </Themed>
    </QueryClientProvider>,
  );
}

const offers = (name: string) => screen.queryByRole('button', { name }) !== null;

beforeEach(() => sessionStorage.clear());
afterEach(cleanup);

it('offers to take back one’s own hold, and says whose hold it is to the other', () => {
  shows({ held: true, held_by: [{ agent: MIA, name: 'Mia Torres' }] });
  expect([offers('Resume'), offers('Hold')]).toEqual([true, false]);
  expect(screen.queryByText(/^On hold by/)).toBeNull();
  cleanup();
  shows({ held: true, held_by: [{ agent: PRIYA, name: 'Priya N.' }] });
  expect([offers('Resume'), offers('Hold')]).toEqual([false, true]);
  expect(screen.getByText('On hold by Priya N.')).toBeDefined();
});
