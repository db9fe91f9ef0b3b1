import { expect, it } from 'vitest';
import { aRequest, anEntry } from './fixture';
import { compare } from './order';

const sorted = (...entries: ReturnType<typeof anEntry>[]) => entries.sort(compare).map(entry => entry.id);

it('puts requests on top, by priority and promise, then whom we cut off, messages, missed calls', () => {
  expect(
    sorted(
      anEntry('missed old', { last: 1 }),
      anEntry('missed new', { last: 2 }),
      anEntry('message', { section: 'messages', last: 9 }),
      anEntry('cut', { section: 'cut_off' }),
      aRequest('due later', { due: 50 }, 200),
      aRequest('promised later', { due: 10 }, 200),
      aRequest('promised', { due: 60 }, 100),
      aRequest('urgent', { due: 90, priority: 3 }),
    ),
  ).toEqual([
    'urgent',
    'promised',
    'promised later',
    'due later',
    'cut',
    'message',
    'missed new',
    'missed old',
  ]);
});
