import { expect, it } from 'vitest';
import { aCall, anAgent } from '@/live/fixture';
import { callTitle } from './tab-title';

it('names whom the call is with, and says that it is only dialled', () => {
  const agent = anAgent('2014', { state: 'talking', since: 1_000 });
  const out = aCall('call_1', { number: null, dialled: '+442079460118', agents: ['2014'] });
  const title = (call: typeof out, name: string | null = null) =>
    callTitle(agent, call, name, 131_000, 'Dialling');
  expect(title(out)).toBe('● Dialling +44 20 7946 0118');
  expect(title({ ...out, connected: 11_000 })).toBe('● 2:00 +44 20 7946 0118');
  expect(title({ ...out, connected: 11_000 }, 'Elena Marsh')).toBe('● 2:00 Elena Marsh');
});
