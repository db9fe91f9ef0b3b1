import { beforeEach, expect, it, vi } from 'vitest';
import { useLive } from '@/live';
import { anAgent } from '@/live/fixture';
import { spoken } from '@/i18n';
import { useNotices } from '@/notices';
import { dial } from './dial';
import { LONGEST_WAIT, usePhoneStands } from './readiness';

const said = () => useNotices.getState().notices.map(one => one.title(spoken.t));

beforeEach(() => {
  useNotices.setState({ notices: [] });
  useLive.setState({ me: { user: 'mia', role: 'agent', agent: '2014', groups: null } });
});

it('tells whoever works outside what can be dialled there', async () => {
  useLive.setState({ agents: new Map([['2014', anAgent('2014', { outside: true })]]) });
  expect(await dial('+999', null, false)).toBe(false);
  expect(said()[0]).toMatch(/^From outside only whole numbers are dialled\./);
});

it('sends whoever sits at a desk phone to that', async () => {
  useLive.setState({ agents: new Map([['2014', anAgent('2014', { outside: null })]]) });
  expect(await dial('999', null, false)).toBe(false);
  expect(said()).toEqual(['Dial numbers of the house at the phone itself.']);
});

it('waits for a phone that connects, and calls nobody where it does not', async () => {
  vi.useFakeTimers();
  useLive.setState({ agents: new Map([['2014', anAgent('2014')]]) });
  usePhoneStands.setState({ state: 'connecting' });
  const dialled = dial('+442079460118', null, false);
  expect(said()).toEqual(['Your phone connects. Then +442079460118 is called.']);
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT);
  expect(await dialled).toBe(false);
  expect(said()[0]).toMatch(/^Not called: your phone does not connect\./);
  usePhoneStands.setState({ state: null });
  vi.useRealTimers();
});
