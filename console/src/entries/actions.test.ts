import { expect, it, vi } from 'vitest';
import { Failure, api } from '@/api';
import { spoken } from '@/i18n';
import { useLive } from '@/live';
import { aRequest, anAgent } from '@/live/fixture';
import { useNotices } from '@/notices';
import { block, refusal, unblock } from './actions';

it('says what comes first by the state that the agent is in', async () => {
  spoken.turnTo('en');
  const refused = new Failure(409, { code: 'agent_state', message: 'not in this state' });
  const said = (['not_signed_in', 'talking', 'ringing', 'wrap_up', 'not_ready'] as const).map(state => {
    useLive.setState({
      me: { user: 'mia', role: 'agent', agent: '2014', groups: null },
      agents: new Map([['2014', anAgent('2014', { state })]]),
    });
    return refusal(aRequest('cbr_1'), refused)(spoken.t);
  });
  expect(said).toEqual([
    'Start work first.',
    'Finish the call in hand first.',
    'Finish the call in hand first.',
    'Finish the wrap-up first.',
    'Not in your state just now. Start work, or finish what is in hand.',
  ]);
});

it('says that a number is blocked or not any more, and takes either back', async () => {
  let list = { numbers: ['+8613800138009'], prefixes: ['+999'] };
  const response = new Response();
  vi.spyOn(api, 'GET').mockImplementation((() =>
    Promise.resolve({ data: { body: list, version: 1 }, response })) as never);
  vi.spyOn(api, 'PUT').mockImplementation(((_: string, { body }: { body: typeof list }) => {
    list = body;
    return Promise.resolve({ data: {}, response });
  }) as never);
  const entry = aRequest('cbr_9');
  const said = () => useNotices.getState().notices.at(-1);
  const takeBack = async () => {
    const before = said();
    before?.act?.do();
    await vi.waitFor(() => expect(said()?.title(spoken.t)).toBe('Taken back.'));
  };
  await block(entry);
  expect(list).toEqual({ numbers: ['+8613800138000', '+8613800138009'], prefixes: ['+999'] });
  expect(said()?.title(spoken.t)).toBe('+86 138 0013 8000 is blocked.');
  await takeBack();
  expect(list.numbers).toEqual(['+8613800138009']);
  await unblock(entry);
  expect(said()?.kind, 'a prefix blocks it').toBe('refused');
  await block(entry);
  await unblock(entry);
  expect(said()?.title(spoken.t)).toBe('+86 138 0013 8000 is not blocked any more.');
  expect(said()?.act?.label(spoken.t)).toBe('Undo');
  await takeBack();
  expect(list.numbers).toEqual(['+8613800138000', '+8613800138009']);
});
