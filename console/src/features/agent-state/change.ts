import { type components, api, need, once } from '@/api';
import { type Agent, useLive } from '@/live';
import { refusedWords, say } from '@/notices';

/** What an agent can choose by a click. */
export type Wish = components['schemas']['AgentWish'];

/** Changes the viewer's own state, and says why where that is refused. */
export async function changeState(wish: Wish): Promise<void> {
  try {
    const agent = (await need(
      api.POST('/api/me/agent', { params: { header: once() }, body: wish }),
    )) as Agent;
    useLive.setState(live => {
      const known = live.agents.get(agent.key);
      if (known && known.version >= agent.version) return live;
      return { agents: new Map(live.agents).set(agent.key, agent) };
    });
  } catch (thrown) {
    say({
      id: 'state',
      kind: 'refused',
      title: t => t('stateMenu.failed', { words: refusedWords(thrown) }),
    });
  }
}
