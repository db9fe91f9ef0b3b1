import { expect, it } from 'vitest';
import { spoken } from '@/i18n';
import { about, inBrief, inOrder } from './hand-over';
import type { Target } from './wishes';

const t = spoken.in('en');
const queue = (more: Partial<Target>): Target => ({ kind: 'queue', value: '600', number: '600', ...more });

it('puts those who can take it first, and those who are not at work last', () => {
  const targets: Target[] = [
    { kind: 'agent', value: 'away', state: 'not_signed_in', reachable: false },
    { kind: 'agent', value: 'busy', state: 'talking', reachable: false },
    { kind: 'agent', value: 'break', state: 'break', reachable: true },
    { kind: 'agent', value: 'free', state: 'available', reachable: true },
    queue({}),
    { kind: 'extension', value: '5000' },
  ];
  expect(inOrder(targets).map(one => one.value)).toEqual(['free', 'break', 'busy', '600', '5000', 'away']);
});

it('says a wait in few words, and none where somebody is free and nobody waits', () => {
  const words = (from: number, to: number, more: Partial<Target> = {}) =>
    about(t, queue({ available: 0, waiting: 2, wait: { from, to }, ...more }));
  expect(words(420, 1_620)).toBe('600 · 0 free · wait 7–27 min');
  expect(words(6, 40)).toBe('600 · 0 free · wait under 1 min');
  expect(words(60, 60)).toBe('600 · 0 free · wait 1 min');
  expect(words(0, 0)).toBe('600 · 0 free · no wait');
  expect(words(420, 1_620, { available: 1, waiting: 0 })).toBe('600 · 1 free · no wait');
});

it('says of one line that there is who is free, else how long one waits', () => {
  const words = (from: number, to: number, more: Partial<Target> = {}) =>
    inBrief(t, queue({ available: 0, waiting: 2, wait: { from, to }, ...more }));
  expect(words(420, 1_620)).toBe('600 · wait 7–27 min');
  expect(words(0, 0)).toBe('600 · no wait');
  expect(words(420, 1_620, { available: 1, waiting: 0 })).toBe('600 · 1 free');
  expect(inBrief(t, queue({ available: 0 })), 'nobody knows the wait').toBe('600 · 0 free');
  expect(inBrief(t, { kind: 'agent', value: '2011', number: '2011', state: 'break' })).toBe('2011 · Break');
});

it('calls the line that a group has of its own by the group', () => {
  expect(about(t, { kind: 'queue', value: 'group.renewals', available: 0 })).toBe('Group · 0 free');
  expect(about(t, { kind: 'queue', value: 'renewals', available: 0 })).toBe('Queue · 0 free');
});
