import { describe, expect, it } from 'vitest';
import { MOST_BYTES, decode, linesOf } from './file';
import { readContactSearch, readNumber } from './search';
import { conflictOf, emptyTyped, givenOf, placeOf, typedOf } from './typed';
import type { Contact } from './wishes';

const wang: Contact = {
  id: 'c1',
  version: 3,
  name: '王芳',
  numbers: ['+8613800138001', '138****5678'],
  company: 'Lotus',
  email: '',
  language: 'zh',
  zone: null,
  tags: ['vip', 'tea'],
  notes: [],
  made: 0,
  changed: 0,
};

describe('the form', () => {
  it('gives back what it was given, masked numbers too', () => {
    const { name, numbers, company, email, language, zone, tags } = wang;
    expect(givenOf(typedOf(wang))).toEqual({ name, numbers, company, email, language, zone, tags });
  });

  it('leaves out what is empty', () => {
    const given = givenOf({
      ...emptyTyped(' +44 20 '),
      name: ' Tom ',
      numbers: [' ', '+44 20'],
      tags: ' a，b,, ',
    });
    expect(given).toMatchObject({
      name: 'Tom',
      numbers: ['+44 20'],
      tags: ['a', 'b'],
      zone: null,
      language: null,
    });
  });
});

describe('a number that another contact has', () => {
  it('is found in the form, where empty fields are not given', () => {
    expect(placeOf('numbers[1]', ['', '+8613800138001', ' ', '+8613800138002'])).toBe(3);
    expect(placeOf('numbers', ['+8613800138001'])).toBeNull();
    expect(placeOf('name', ['+8613800138001'])).toBeNull();
    expect(placeOf('numbers[7]', ['+8613800138001'])).toBeNull();
  });
});

describe('somebody else has saved meanwhile', () => {
  const before = typedOf(wang);

  it('in other fields: both changes hold', () => {
    const mine = { ...before, company: 'Lotus Tea' };
    const theirs = { ...before, email: 'wang@lotus.example', tags: 'vip' };
    const { merged, theirs: differ } = conflictOf(before, mine, theirs);
    expect(differ).toEqual({});
    expect(merged).toMatchObject({ company: 'Lotus Tea', email: 'wang@lotus.example', tags: 'vip' });
  });

  it('in the same field: mine stays in the field, theirs is told', () => {
    const mine = { ...before, company: 'Lotus Tea', name: '王方' };
    const theirs = { ...before, company: '', name: '王方' };
    const { merged, theirs: differ } = conflictOf(before, mine, theirs);
    expect(differ).toEqual({ company: '' });
    expect(merged.company).toBe('Lotus Tea');
  });
});

describe('a file', () => {
  it('is read as UTF-8, else as GB 18030, and never as rubbish', () => {
    expect(decode(new TextEncoder().encode('姓名,号码'))).toEqual({
      kind: 'text',
      text: '姓名,号码',
      asGb: false,
    });
    const gb = new Uint8Array([0xd0, 0xd5, 0xc3, 0xfb]);
    expect(decode(gb)).toEqual({ kind: 'text', text: '姓名', asGb: true });
    expect(decode(new Uint8Array([0xff, 0xff, 0xff])).kind).toBe('unreadable');
    expect(decode(new Uint8Array(MOST_BYTES + 1)).kind).toBe('too_large');
  });

  it('has lines that are told in short', () => {
    expect(linesOf([2, 3, 4, 7])).toBe('2–4, 7');
    expect(linesOf([1, 3, 5], 2)).toBe('1, 3, …');
  });
});

it('reads addresses, digits too', () => {
  expect(readContactSearch({ q: 138 })).toEqual({ q: '138' });
  expect(readContactSearch({ q: {} })).toEqual({});
  expect(readNumber({ number: '+8613800138000' })).toEqual({ number: '+8613800138000' });
});
