import { expect, it } from 'vitest';
import '@/i18n/past';
import { spoken } from '@/i18n';
import type { PastCall } from '@/past';
import { outside } from './words';

const call = (more: Partial<PastCall>) =>
  ({ number: null, extension: null, direction: 'in', ...more }) as PastCall;

it('says of a number that it was withheld where the caller has done so, and not of one that was never dialled', () => {
  const t = spoken.in('en');
  expect(outside(t, call({}))).toBe('Number withheld');
  expect(outside(t, call({ direction: 'callback', end: 'not_dialled' }))).toBe('Customer');
  expect(outside(t, call({ direction: 'callback', number: '+442079460118' }))).toBe('+44 20 7946 0118');
});
