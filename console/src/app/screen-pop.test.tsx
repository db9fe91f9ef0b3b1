import { act, cleanup, render, waitFor } from '@testing-library/react';
import {
  Outlet,
  RouterProvider,
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
} from '@tanstack/react-router';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentState, useLive } from '@/live';
import { anAgent } from '@/live/fixture';
import { useScreenPop } from './screen-pop';

function Pop() {
  useScreenPop();
  return <Outlet />;
}

const agent = (state: AgentState, more = {}) =>
  act(() =>
    useLive.setState({
      me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
      agents: new Map([['2014', anAgent('2014', { state, ...more })]]),
    }),
  );

async function opened(address: string) {
  const root = createRootRoute({ component: Pop });
  const paths = ['/list', '/customer/$call'] as const;
  const routes = paths.map(path => createRoute({ getParentRoute: () => root, path, component: () => path }));
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = createRouter({ routeTree: root.addChildren(routes), history });
  const { container } = render(<RouterProvider router={router} />);
  await waitFor(() => expect(container.textContent).not.toBe(''));
  return () => router.history.location.href;
}

beforeEach(() => useLive.setState({ me: null, agents: new Map(), calls: new Map(), phone: null }));
afterEach(cleanup);

it('keeps the address that the page was opened with in the wrap-up', async () => {
  const at = await opened('/list?tab=done');
  agent('wrap_up', { wrap_up_of: 'call_1' });
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(at()).toContain('/list?tab=done');
});

it('shows the customer of a call whose wrap-up is taken later', async () => {
  const at = await opened('/list');
  agent('available');
  agent('wrap_up', { wrap_up_of: 'call_1' });
  await waitFor(() => expect(at()).toBe('/customer/call_1'));
});
