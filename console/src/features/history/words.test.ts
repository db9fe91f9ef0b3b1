import { expect, it } from 'vitest';
import '@/i18n/past';
import { spoken } from '@/i18n';
import type { PastCall } from '@/past';
import { hungUpBy } from './words';

const past = (more: Partial<PastCall>) => ({ agents: ['2014'], ...more }) as PastCall;

it('says who has hung up, where that is known', () => {
  expect(hungUpBy(spoken.t, past({ ended_by: 'called' }))).toBe('The far side');
  expect(hungUpBy(spoken.t, past({ ended_by: 'caller' }))).toBe('2014');
  expect(hungUpBy(spoken.t, past({ ended_by: 'caller', agents: [] }))).toBe('Our phone');
  expect(hungUpBy(spoken.t, past({ ended_by: null }))).toBeNull();
});
