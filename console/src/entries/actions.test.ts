import { expect, it } from 'vitest';
import { Failure } from '@/api';
import { spoken } from '@/i18n';
import { useLive } from '@/live';
import { aRequest, anAgent } from '@/live/fixture';
import { refusal } from './actions';

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
