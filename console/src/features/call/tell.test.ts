import { beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { type Call, useLive } from '@/live';
import { aCall, anAgent } from '@/live/fixture';
import { spoken } from '@/i18n';
import { useNotices } from '@/notices';
import type { PastCall } from '@/past';
import { consultEndedByMe, endedByMe, sentTo, whoHadIt } from './by-me';
import { beginToTellOfCalls, endWords, happenings } from './tell';

const MIA = '2014';
const NUMBER = '+442079460118';
const seen = (...calls: Call[]) => ({ calls: new Map(calls.map(call => [call.id, call])), phone: null });
const out = aCall('call_out', { number: null, dialled: NUMBER, agents: [MIA] });
const consult = { by: MIA, by_name: MIA, to: {}, agent: '2011', since: 5, until: 25_000, with: 'target' };
const asks = aCall('call_in', { agents: [MIA, '2011'], connected: 3, consult });
const alone = aCall('call_in', { agents: [MIA], connected: 3 });

const past = (more: Partial<PastCall>) =>
  ({ call: 'call_out', end: 'not_reached', result: null, legs: [], ...more }) as unknown as PastCall;

const said = () => useNotices.getState().notices.map(one => one.title(spoken.t));
const shows = (...calls: Call[]) => useLive.setState(seen(...calls));

beforeEach(() => {
  vi.restoreAllMocks();
  sessionStorage.clear();
  useNotices.setState({ notices: [] });
  useLive.setState({
    me: { user: 'mia', role: 'agent', agent: MIA, groups: null },
    agents: new Map([['2011', anAgent('2011', { name: 'Priya N.' })]]),
    ahead: 0,
    ...seen(),
  });
});

it('sees that somebody was not reached, and of whom the agent has asked nothing more is there', () => {
  expect(happenings(seen(out), seen(), MIA)).toEqual([{ kind: 'not_reached', call: out }]);
  expect(happenings(seen({ ...out, connected: 9 }), seen(), MIA)).toEqual([]);
  expect(happenings(seen(out), seen(), '2011')).toEqual([]);
  expect(happenings(seen(asks), seen(alone), MIA)).toMatchObject([{ kind: 'consult_over' }]);
  expect(happenings(seen(asks), seen(), MIA)).toEqual([]);
  expect(happenings(seen(asks), seen({ ...alone, doing: 'finished' }), MIA)).toEqual([]);
  expect(happenings(seen(asks), seen({ ...alone, agents: ['2011'] }), MIA)).toEqual([]);
  expect(happenings(seen(asks), seen(alone), '2011')).toEqual([]);
});

it('sees that what was dialled here is refused, once', () => {
  const phone = (more: object) => ({
    calls: [],
    connection: 1,
    echo: false,
    extension: '2014',
    state: 'up' as const,
    ...more,
  });
  const before = { ...seen(), phone: phone({ calls: [{ leg: 'leg_1', state: 'dialling' }] }) };
  const busy = { ...seen(), phone: phone({ ended: { leg: 'leg_1', why: 'hung_up', refused: 'busy' } }) };
  expect(happenings(before, busy, MIA)).toEqual([{ kind: 'refused', how: 'busy' }]);
  expect(happenings(busy, busy, MIA)).toEqual([]);
});

it('says why nobody was reached', () => {
  const words = (of: PastCall | null) => endWords(spoken.t, of, 'Elena', MIA);
  expect(words(past({ result: 'busy' }))).toBe('Elena was not reached: busy.');
  expect(words(past({}))).toBe('Elena was not reached.');
  expect(words(null)).toBe('Elena was not reached.');
  expect(words(past({ result: 'answered', end: 'talked' }))).toBeNull();
  const own = (why: PastCall['legs'][number]['why']) =>
    past({ end: 'not_dialled', legs: [{ party: { agent: MIA }, began: 0, answered: null, ended: 1, why }] });
  expect(words(own('unreachable'))).toMatch(/your phone could not be reached/);
  expect(words(own('no_answer'))).toMatch(/your phone was not answered/);
  expect(words(own('declined'))).toBeNull();
});

it('tells what came of dialling, and stays silent where the agent has hung up', async () => {
  vi.useFakeTimers();
  const data = past({ result: 'busy' });
  vi.spyOn(api, 'GET').mockResolvedValue({ data, response: new Response() });
  const end = beginToTellOfCalls();
  shows(out);
  shows();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(said()).toEqual(['+44 20 7946 0118 was not reached: busy.']);
  useNotices.setState({ notices: [] });
  const again = { ...out, id: 'call_again' };
  shows(again);
  endedByMe('call_again');
  shows();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said()).toEqual([]);
  end();
  vi.useRealTimers();
});

it('tells that a colleague does not take it, unless the agent took the customer back', () => {
  const end = beginToTellOfCalls();
  const soon = { ...consult, until: Date.now() + 20_000 };
  shows({ ...asks, consult: soon });
  shows(alone);
  expect(said()).toEqual(['Priya N. does not take it. The customer is yours again.']);
  shows(asks);
  shows(alone);
  expect(said()).toEqual(['Priya N. did not answer. The customer is yours again.']);
  shows({ ...asks, consult: { ...soon, answered: 9 } });
  shows(alone);
  expect(said()).toEqual(['Priya N. has left. The customer is yours again.']);
  useNotices.setState({ notices: [] });
  shows(asks);
  consultEndedByMe('call_in');
  shows(alone);
  expect(said()).toEqual([]);
  end();
});

it('remembers to whom a call was sent', () => {
  expect(whoHadIt('call_in')).toBeNull();
  sentTo('call_in', 'Priya N.');
  expect(whoHadIt('call_in')).toBe('Priya N.');
});
