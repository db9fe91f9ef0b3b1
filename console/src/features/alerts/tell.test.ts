import { expect, it, vi } from 'vitest';
import { api } from '@/api';
import { reopen } from '@/entries';
import { type Reminder, serverNow, useLive } from '@/live';
import { aReminder, aRequest } from '@/live/fixture';
import { useNotices } from '@/notices';
import { listenToTones } from '@/test-audio';
import { agreedMeanwhile, beginToTell, isOwnDoing } from './tell';

it('does not tell whoever has just arranged a follow-up that there is one', () => {
  const now = serverNow();
  const request = {
    asked: now - 1_000,
    promise: { from: now, to: now + 9 },
    path: ['desk/2014'],
    language: 'en',
    prompts: [],
  };
  const entries = (asked: number) => new Map([['e', aRequest('e', { request: { ...request, asked } })]]);
  const me = (user: string, agent: string) => ({ user, role: 'agent', agent, groups: null }) as const;
  useLive.setState({ me: { ...me('mia', '2014') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(true);
  expect(isOwnDoing({ ...aReminder('r', 'e'), kind: 'unclaimed' })).toBe(false);
  useLive.setState({ entries: entries(now - 3_600_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
  const later = { ...request, asked: now - 3_600_000, promise: { from: now + 60_000, to: now + 90_000 } };
  useLive.setState({ entries: new Map([['e', aRequest('e', { request: later })]]) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(true);
  useLive.setState({ me: { ...me('priya', '2011') }, entries: entries(now - 1_000) });
  expect(isOwnDoing(aReminder('r', 'e'))).toBe(false);
});

it('does not tell whoever has opened a request again that there is one', async () => {
  vi.spyOn(api, 'POST').mockResolvedValue({ data: {}, response: new Response() } as never);
  useLive.setState({
    entries: new Map([
      ['e', aRequest('e')],
      ['f', aRequest('f')],
    ]),
  });
  await reopen(aRequest('e'));
  expect(['e', 'f'].map(entry => isOwnDoing(aReminder('r', entry)))).toEqual([true, false]);
  expect(isOwnDoing({ ...aReminder('r', 'e'), kind: 'unclaimed' })).toBe(false);
});

it('tells whose claim has fallen because a colleague has agreed upon a time', () => {
  const request = {
    asked: 1,
    promise: { from: 1, to: 2 },
    path: [],
    language: 'en',
    prompts: [],
  };
  const me = { user: 'priya', role: 'agent', agent: '2011', groups: null } as const;
  const claimed = { name: 'claimed', agent: '2011', until: 9 } as const;
  const at = (...entries: ReturnType<typeof aRequest>[]) => ({
    me,
    entries: new Map(entries.map(entry => [entry.id, entry])),
  });
  const before = at(
    aRequest('mine', { request, state: claimed }),
    aRequest('released', { request, state: claimed }),
    aRequest('other', { request, state: { ...claimed, agent: '2014' } }),
  );
  const moved = { from: request.promise.from + 60_000, to: request.promise.to + 60_000 };
  const agreed = { ...request, promise: moved, agreed_in: 'c', agreed_by: '2014' };
  const now = at(
    aRequest('mine', { request: agreed, state: { name: 'waiting' } }),
    aRequest('released', { request, state: { name: 'waiting' } }),
    aRequest('other', { request: agreed, state: { name: 'waiting' } }),
  );
  expect(agreedMeanwhile(now, before).map(({ id }) => id)).toEqual(['mine']);
  expect(agreedMeanwhile(now, now)).toEqual([]);
  // A second time in the same call; and what one has agreed upon oneself.
  const again = at(aRequest('mine', { request: agreed, state: claimed }));
  const later = { ...agreed, promise: { from: moved.from + 60_000, to: moved.to + 60_000 } };
  const waits = (by: string) =>
    at(aRequest('mine', { request: { ...later, agreed_by: by }, state: { name: 'waiting' } }));
  expect(agreedMeanwhile(waits('2014'), again)).toHaveLength(1);
  expect(agreedMeanwhile(waits('2011'), again)).toEqual([]);
  // Given back, it is as it was; the same time may be for the colleague alone now.
  const asItWas = (assigned: string | null) =>
    at(aRequest('mine', { request: agreed, assigned, state: { name: 'waiting' } }));
  expect(agreedMeanwhile(asItWas(null), again)).toEqual([]);
  expect(agreedMeanwhile(asItWas('2014'), again)).toHaveLength(1);
});

it('tells whoever talks or is on break of a new request without sound', async () => {
  const heard = listenToTones();
  const named = { data: { names: {} }, response: new Response() };
  vi.spyOn(api, 'GET').mockImplementation((() => Promise.resolve(named)) as never);
  const comes = async (...reminders: Reminder[]) => {
    useLive.setState({
      me: { user: 'priya', role: 'agent', agent: '2011', groups: null },
      entries: new Map(reminders.map(({ entry }) => [entry, aRequest(entry)])),
      reminders: new Map(reminders.map(one => [one.id, one])),
    });
    const end = beginToTell(() => {});
    const told = () => useNotices.getState().notices.map(({ id }) => id);
    await vi.waitFor(() => expect(told()).toEqual(expect.arrayContaining(reminders.map(({ id }) => id))));
    // A sound begins once the output is chosen and awake.
    await new Promise(resolve => setTimeout(resolve));
    end();
  };
  const quietly = (n: number) => ({ ...aReminder(`quiet_${n}`, `cbr_${n}`), sounds: false });
  await comes(quietly(1));
  await comes(quietly(2), quietly(3));
  expect(heard).toEqual([]);
  // One that sounds is heard, once for all that come together.
  await comes(quietly(4), aReminder('loud', 'cbr_5'));
  expect(heard.map(({ frequency }) => frequency)).toEqual([784, 1047]);
});
