import { expect, it } from 'vitest';
import type { Queue } from './rows';
import { type Desk, useNames } from './names';
import { agentName, insideNumber, phoneOf, placeOf, whoseNumber } from './people';

it('says which of those who wait a caller is, while they are in the line', () => {
  const callers = ['call_a', 'call_b'].map(call => ({ call })) as Queue['callers'];
  const queues = new Map([['support', { key: 'support', length: 7, callers } as Queue]]);
  expect(placeOf({ id: 'call_b', queue: 'support' }, queues)).toBe('2 / 7');
  expect(placeOf({ id: 'call_c', queue: 'support' }, queues)).toBeNull();
  expect([placeOf({ id: 'call_a', queue: null }, queues), placeOf(null, queues)]).toEqual([null, null]);
});

it('knows colleagues of other groups and the phones of the house by name', () => {
  expect([agentName('2001'), phoneOf('2001'), whoseNumber('8001'), insideNumber('2001')]).toEqual([
    '2001',
    { name: null, number: '2001' },
    null,
    null,
  ]);
  const colleagues = [{ key: '2001', name: 'Adam Kerr', extension: 'desk-1', number: '8001' }];
  const phones = [{ key: 'gate', name: 'Gate', number: '8100' }];
  useNames.setState({ desk: { colleagues, phones } as unknown as Desk });
  expect([agentName('2001'), agentName('user-sue'), insideNumber('2001')]).toEqual([
    'Adam Kerr',
    'sue',
    '8001',
  ]);
  expect([phoneOf('desk-1'), phoneOf('gate')]).toEqual([
    { name: 'Adam Kerr', number: '8001' },
    { name: 'Gate', number: '8100' },
  ]);
  expect([whoseNumber('8001'), whoseNumber('8100')]).toEqual(['Adam Kerr', 'Gate']);
});
