import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { anAgent } from '@/live/fixture';
import { choosePhone, phone } from '@/phone';
import { LinkLight } from './link-light';

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** What stands there of a lost connection after some seconds, while so many packets of audio come in each second. */
async function words(state: 'available' | 'talking', packets: number | null): Promise<string[]> {
  vi.useFakeTimers();
  let all = 7;
  vi.spyOn(phone, 'received').mockImplementation(() =>
    Promise.resolve(packets === null ? null : (all += packets)),
  );
  useLive.setState({
    link: { state: 'reconnecting', since: Date.now() },
    ahead: 0,
    me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
    agents: new Map([['2014', anAgent('2014', { state })]]),
  });
  const { container } = render(<LinkLight />);
  await act(() => vi.advanceTimersByTimeAsync(4_000));
  const shown = container.querySelector('span')?.textContent ?? '';
  return [shown.replace(/\d+:\d+/, '0:00'), screen.getByRole('status').textContent ?? ''];
}

it('says that a call goes on where the page hears it, and nowhere else', async () => {
  const before = 'The page shows what it knew before.';
  const plain = ['Reconnecting 0:00', before];
  expect(await words('talking', 50)).toEqual([
    'Reconnecting 0:00. Your call goes on.',
    `${before} Your call goes on.`,
  ]);
  cleanup();
  expect(await words('talking', 0), 'the server has died').toEqual(plain);
  cleanup();
  expect(await words('talking', null), 'another tab is the phone').toEqual(plain);
  cleanup();
  expect(await words('available', 50)).toEqual(plain);
  cleanup();
  choosePhone({ by: 'desk' });
  expect(await words('talking', null)).toEqual([
    'Reconnecting 0:00',
    `${before} Your call does not run through it.`,
  ]);
  choosePhone({ by: 'browser' });
});
