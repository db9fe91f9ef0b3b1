import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { useLive } from '@/live';
import { useSession } from '@/session';
import { Themed } from '@/ui';
import { Ended } from './ended';

const DRAFT = 'nohold.draft.note-call_1';
const button = (name: string) => screen.findByRole('button', { name });

function shows(): void {
  const person = { name: 'mia', role: 'agent' } as never;
  useSession.setState({ session: { state: 'ended', person } });
  render(
    <Themed>
      <Ended name="mia" />
    </Themed>,
  );
}

beforeEach(() => {
  sessionStorage.clear();
  useLive.setState({ link: { state: 'ended', barred: false } });
  vi.spyOn(api, 'DELETE').mockResolvedValue({ data: {}, response: new Response() } as never);
});
afterEach(cleanup);

it('says what is lost before somebody else signs in, and loses nothing unasked', async () => {
  sessionStorage.setItem(DRAFT, 'asks for a price');
  shows();
  const user = userEvent.setup();
  await user.click(await button('Use another account'));
  expect((await screen.findByRole('alert')).textContent).toBe(
    'Logging out throws away what mia typed here and has not sent.',
  );
  expect(document.activeElement?.textContent).toBe('Sign in as mia');
  await user.click(await button('Sign in as mia'));
  expect([sessionStorage.getItem(DRAFT), useSession.getState().session.state]).toEqual([
    'asks for a price',
    'ended',
  ]);
  await user.click(await button('Use another account'));
  await user.click(await button('Log out'));
  await vi.waitFor(() => expect(useSession.getState().session.state).toBe('out'));
  expect(sessionStorage.getItem(DRAFT)).toBeNull();
});

it('asks nothing where nothing was typed', async () => {
  shows();
  await userEvent.click(await button('Use another account'));
  await vi.waitFor(() => expect(useSession.getState().session.state).toBe('out'));
});

it('sends whoever is disabled or removed to an administrator, and asks for no password unasked', async () => {
  useLive.setState({ link: { state: 'ended', barred: true } });
  shows();
  await screen.findByRole('dialog', { name: 'You are not allowed in any more' });
  await screen.findByText(
    'mia is disabled or removed. Ask an administrator. What you typed stays on this page.',
  );
  expect(screen.queryByLabelText('Password')).toBeNull();
  // Once an administrator has let them in again they go on where they were.
  await userEvent.click(await button('Sign in again'));
  await screen.findByLabelText('Password');
});
