import { expect, it } from 'vitest';
import { type Today, grown } from './day';

const day = (more: Partial<Today>): Today => ({
  agent: '2014',
  from: 0,
  to: 86_400_000,
  now: 50_000,
  zone: 'Asia/Shanghai',
  counted_from: 0,
  standing: { state: 'available', reason: null, since: 40_000 },
  signed_in_at: 10_000,
  signed_in: 40_000,
  states: [
    { state: 'available', length: 30_000 },
    { state: 'break', length: 10_000 },
  ],
  breaks: [{ reason: 'lunch', length: 10_000 }],
  calls: { taken: 0, made: 0, callbacks: 0, not_answered: 0, declined: 0 },
  promises: { kept: 0, late: 0 },
  claims: [],
  last: [],
  ...more,
});

it('goes on with the state of the moment, and with nothing else', () => {
  const now = grown(day({}), 55_000);
  expect(now.signedIn).toBe(45_000);
  expect(now.states).toEqual([
    { state: 'available', length: 35_000 },
    { state: 'break', length: 10_000 },
  ]);
  expect(now.breaks).toEqual([{ reason: 'lunch', length: 10_000 }]);
});

it('goes on with the break of the moment by its reason', () => {
  const now = grown(day({ standing: { state: 'break', reason: 'lunch', since: 45_000 } }), 51_000);
  expect([now.states[1]?.length, now.breaks[0]?.length]).toEqual([11_000, 11_000]);
});

it('stands still for who is not signed in, and goes back for nobody', () => {
  const away = day({ standing: { state: 'not_signed_in', reason: null, since: 0 } });
  expect(grown(away, 90_000).signedIn).toBe(40_000);
  expect(grown(day({}), 10_000).signedIn).toBe(40_000);
});

it('begins a state that has no length yet', () => {
  const now = grown(day({ standing: { state: 'talking', reason: null, since: 50_000 } }), 52_000);
  expect(now.states.at(-1)).toEqual({ state: 'talking', length: 2_000 });
});
