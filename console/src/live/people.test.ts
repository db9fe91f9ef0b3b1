import { expect, it } from 'vitest';
import type { Queue } from './rows';
import { placeOf } from './people';

it('says which of those who wait a caller is, while they are in the line', () => {
  const callers = ['call_a', 'call_b'].map(call => ({ call })) as Queue['callers'];
  const queues = new Map([['support', { key: 'support', length: 7, callers } as Queue]]);
  expect(placeOf({ id: 'call_b', queue: 'support' }, queues)).toBe('2 / 7');
  expect(placeOf({ id: 'call_c', queue: 'support' }, queues)).toBeNull();
  expect([placeOf({ id: 'call_a', queue: null }, queues), placeOf(null, queues)]).toEqual([null, null]);
});
