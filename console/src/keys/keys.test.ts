import { describe, expect, it } from 'vitest';
import { KEYS, holding, written, worksWhileTyping } from './keys';
import { changeKey, resetKeys, useKeys } from './store';

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  code: '',
  altKey: false,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  ...more,
});

describe('a key', () => {
  it('is written as people read it', () => {
    expect(written(press('k', { ctrlKey: true }))).toBe('Ctrl+K');
    expect(written(press('k', { metaKey: true }))).toBe('Ctrl+K');
    expect(written(press('?', { shiftKey: true }))).toBe('?');
    expect(written(press(' '))).toBe('Space');
    expect(written(press('ArrowUp'))).toBe('ArrowUp');
    expect(written(press('Shift', { shiftKey: true }))).toBeNull();
  });

  it('is told by its place with Alt, which types something else on a Mac', () => {
    expect(written(press('å', { altKey: true, code: 'KeyA' }))).toBe('Alt+A');
    expect(written(press('¡', { altKey: true, code: 'Digit1' }))).toBe('Alt+1');
  });

  it('works while somebody types only with Alt or Ctrl', () => {
    expect(worksWhileTyping('Alt+A') && worksWhileTyping('Ctrl+K')).toBe(true);
    expect(worksWhileTyping('C') || worksWhileTyping('?')).toBe(false);
  });
});

it('gives each thing a key of its own', () => {
  const keys = Object.values(KEYS).map(one => one.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

it('can be changed, but not to one that is taken', () => {
  expect(changeKey('claim', 'C')).toBe('callBack');
  expect(changeKey('claim', 'X')).toBeNull();
  expect(holding(useKeys.getState().changed).claim).toBe('X');
  expect(JSON.parse(localStorage.getItem('nohold.keys') ?? '')).toEqual({ claim: 'X' });
  resetKeys();
  expect(holding(useKeys.getState().changed).claim).toBe('K');
});
