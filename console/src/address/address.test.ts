import { expect, it } from 'vitest';
import { readText, readWord } from '.';

it('reads a text however the router has understood it, and nothing else', () => {
  expect([4417, true, 'el ', 'x'.repeat(9)].map(value => readText(value, 6))).toEqual([
    '4417',
    'true',
    'el ',
    'xxxxxx',
  ]);
  expect(['', null, undefined, [1], { q: 1 }].map(value => readText(value, 6))).toEqual(
    Array(5).fill(undefined),
  );
});

it('reads a word without what stands around it', () => {
  expect([' 44 ', '  ', ' 1234567'].map(value => readWord(value, 6))).toEqual(['44', undefined, '123456']);
});
