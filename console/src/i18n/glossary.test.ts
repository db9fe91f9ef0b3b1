import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { customersEn } from './customers.en';
import { customersZh } from './customers.zh';
import { en } from './en';
import { pastEn } from './past.en';
import { pastZh } from './past.zh';
import { playbackEn } from './playback.en';
import { playbackZh } from './playback.zh';
import { refusedEn } from './refused.en';
import { refusedZh } from './refused.zh';
import { todayEn } from './today.en';
import { todayZh } from './today.zh';
import { whenEn } from './when.en';
import { whenZh } from './when.zh';
import { zh } from './zh';

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : leaves(value, `${path}${key}.`),
  );
}

interface Term {
  english: string[];
  chinese: string[];
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const either = (cell: string | undefined) => (cell ?? '').split(' / ').map(word => word.trim());

/** The rows of the tables whose second column is Chinese. */
function terms(text: string): Term[] {
  return [...text.matchAll(/^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)]
    .filter(([, , chinese]) => /[一-鿿]/.test(chinese ?? '') && chinese !== '中文')
    .map(([, english, chinese]) => ({ english: either(english), chinese: either(chinese) }));
}

const glossary = terms(read('../../../docs/glossary.md'));

/** The terms of an English text; a longer one hides the shorter ones within it, "agent group" the "agent". */
function termsOf(text: string): Term[] {
  const words = glossary
    .flatMap(term => term.english.map(word => ({ word, term })))
    .sort((one, other) => other.word.length - one.word.length);
  const found: Term[] = [];
  let left = text.replaceAll(/{{\w+}}/g, '·');
  for (const { word, term } of words) {
    const whole = new RegExp(`\\b${word}s?\\b`, 'gi');
    if (!whole.test(left)) continue;
    found.push(term);
    left = left.replaceAll(whole, '·');
  }
  return found;
}

const english = [en, customersEn, pastEn, playbackEn, refusedEn, todayEn, whenEn].flatMap(words =>
  leaves(words),
);
const chinese = new Map(
  [zh, customersZh, pastZh, playbackZh, refusedZh, todayZh, whenZh].flatMap(words => leaves(words)),
);

it('is used by both languages of the page', () => {
  expect(glossary.length).toBeGreaterThan(40);
  const slips = english.flatMap(([key, text]) => {
    const said = chinese.get(key.replace(/_one$/, '_other')) ?? '';
    return termsOf(text)
      .filter(term => !term.chinese.some(word => said.includes(word)))
      .map(term => `${key}: ${term.english.join(' / ')} is ${term.chinese.join(' / ')}: ${text} | ${said}`);
  });
  expect(slips).toEqual([]);
});

it('has the words of the README', () => {
  const known = new Map(glossary.flatMap(({ english, chinese }) => english.map(word => [word, chinese])));
  const short = terms(read('../../../README.md'));
  expect(short.length).toBeGreaterThan(10);
  for (const { english, chinese } of short)
    for (const word of english) expect([word, known.get(word)]).toEqual([word, chinese]);
});
