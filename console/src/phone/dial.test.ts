import { expect, it } from 'vitest';
import type { Desk } from '@/live';
import { isInternal, servicesToShow } from './dial';

it('tells numbers of the house from those of the public network', () => {
  expect(isInternal('2011') && isInternal('*43') && isInternal('110')).toBe(true);
  expect(isInternal('+86 138 0013 8000') || isInternal('13800138000')).toBe(false);
});

it('shows numbers of services alone that have one and that the agent works for', () => {
  const service = (key: string, caller_id: string | null, group: string) => ({
    key,
    name: key,
    caller_id,
    groups: [group],
  });
  const services = [
    service('support', '+862161230001', 'support-a'),
    service('silent', null, 'support-a'),
    service('others', '+862161230002', 'renewals'),
  ];
  const desk = { services } as unknown as Desk;
  expect(servicesToShow(desk, ['support-a']).map(one => one.key)).toEqual(['support']);
  expect(servicesToShow(null, ['support-a'])).toEqual([]);
});
