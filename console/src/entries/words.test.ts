import { expect, it } from 'vitest';
import { type Desk, useLive, useNames } from '@/live';
import { accountName } from './words';

it('names who has arranged something, whoever looks, and by the account where nothing else was written down', () => {
  const colleagues = [{ key: '2014', name: 'Mia Torres', extension: '2014', number: '2014' }];
  useNames.setState({ desk: { colleagues, phones: [] } as unknown as Desk });
  const seen = (user: string, agent: string | null) => {
    useLive.setState({ me: { user, role: 'agent', agent, groups: null } });
    return ['2014', 'mia', 'user-sue'].map(accountName);
  };
  expect(seen('root', null)).toEqual(['Mia Torres', 'mia', 'sue']);
  expect(seen('mia', '2014')).toEqual(['Mia Torres', 'Mia Torres', 'sue']);
});
