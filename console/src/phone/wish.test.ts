import { expect, it } from 'vitest';
import { Failure } from '@/api';
import { words } from './wish';

it('says until when a customer is not dialled, and otherwise what the server says', () => {
  const until = Date.UTC(2026, 2, 3, 0, 0);
  const refused = (code: string, help?: number) =>
    words(new Failure(409, { code, message: 'the server says', ...(help !== undefined && { until: help }) }));
  expect(refused('outside_window', until)).toMatch(/^Outside the dialling window until .*\d/);
  expect(refused('too_soon', until)).toMatch(/^Called a moment ago\. Try again at .*\d/);
  expect(refused('outside_window')).toMatch(/^It is outside the dialling window/);
  expect(refused('of_tomorrow', until)).toBe('the server says');
  expect(words(new Error('broken'))).toBe('broken');
});
