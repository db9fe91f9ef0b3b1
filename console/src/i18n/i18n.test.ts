import { describe, expect, it } from 'vitest';
import { customersEn } from './customers.en';
import { customersZh } from './customers.zh';
import { en } from './en';
import { age, clock, moment, phoneNumber, shortSpan, span, timer, windowOf } from './format';
import { firstLanguage, spoken } from './index';
import { pastEn } from './past.en';
import { pastZh } from './past.zh';
import { todayEn } from './today.en';
import { todayZh } from './today.zh';
import { playbackEn } from './playback.en';
import { playbackZh } from './playback.zh';
import { refusedEn } from './refused.en';
import { refusedZh } from './refused.zh';
import { whenEn } from './when.en';
import { whenZh } from './when.zh';
import { zh } from './zh';

const t = spoken.in('en');
const at = (hours: number, minutes = 0, day = 24) => new Date(2026, 10, day, hours, minutes).getTime();

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : leaves(value, `${path}${key}.`),
  );
}

describe('the words', () => {
  const english = [en, customersEn, pastEn, playbackEn, refusedEn, todayEn, whenEn].flatMap(words =>
    leaves(words),
  );
  const chinese = new Map(
    [zh, customersZh, pastZh, playbackZh, refusedZh, todayZh, whenZh].flatMap(words => leaves(words)),
  );

  it('say the same things in both languages', () => {
    const fields = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(match => match[1]).sort();
    const optional: Record<string, string[]> = {
      // Chinese has no article or noun there.
      'refusal.lost': ['what'],
      'refusal.lostNext': ['what'],
      'attempts.of': ['most'],
      'attempts.ofWith': ['most'],
      'why.message_other': [],
    };
    for (const [key, text] of english) {
      if (key.endsWith('_one')) continue;
      const dropped = optional[key] ?? [];
      expect([key, fields(chinese.get(key) ?? '')]).toEqual([
        key,
        fields(text).filter(field => !dropped.includes(field as string)),
      ]);
    }
  });

  it('keep to the house style', () => {
    for (const [key, text] of english) {
      expect([key, text]).toEqual([key, expect.not.stringMatching(/!|\b(please|sorry|successfully)\b/i)]);
    }
    for (const [key, text] of chinese) {
      expect([key, text]).toEqual([
        key,
        expect.not.stringMatching(
          /[!！您请]|请/.source.includes('请') && /请求|申请/.test(text) ? /[!！您]/ : /[!！您请]/,
        ),
      ]);
      // A space stands between Chinese and digits or Latin letters.
      expect([key, text.replaceAll(/{{\w+}}/g, '')]).toEqual([
        key,
        expect.not.stringMatching(/[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]/),
      ]);
    }
  });
});

it('speaks the language that was chosen, else the first of the browser that there is', () => {
  expect(firstLanguage('zh', ['en-GB'])).toBe('zh');
  expect(firstLanguage(null, ['fr-FR', 'zh-TW', 'en'])).toBe('zh');
  expect(firstLanguage('fr', ['fr-FR'])).toBe('en');
});

describe('times', () => {
  it('run in minutes and seconds, then with hours', () => {
    expect([timer(0), timer(131_999), timer(3_600_000), timer(-5)]).toEqual([
      '0:00',
      '2:11',
      '1:00:00',
      '0:00',
    ]);
  });

  it('are shortened as they grow', () => {
    expect([span(t, 365_000), span(t, 3_900_000), span(t, 2 * 86_400_000)]).toEqual([
      '6:05',
      '1 h 05',
      '2 days',
    ]);
    expect([9, 10, 23.9, 50].map(hours => shortSpan(t, hours * 3_600_000))).toEqual([
      '9 h 00',
      '10 h',
      '23 h',
      '2 d',
    ]);
    expect([age(t, 59_000), age(t, 14 * 60_000), age(t, 7_200_000)]).toEqual(['now', '14m', '2h']);
  });

  it('name the day where it is not today', () => {
    const now = at(10, 56);
    expect(clock('en', at(9, 5))).toBe('09:05');
    expect(moment(t, 'en', at(10, 31), now)).toBe('10:31');
    expect(moment(t, 'en', at(18, 47, 23), now)).toBe('Mon 18:47');
    expect(moment(t, 'en', at(9, 0, 25), now)).toBe('tomorrow 09:00');
    expect(windowOf(t, 'en', at(11), at(12), now)).toBe('11:00–12:00');
    expect(windowOf(t, 'en', at(9, 0, 25), at(11, 0, 25), now)).toBe('tomorrow 09:00–11:00');
    expect(windowOf(t, 'en', at(23, 54), at(0, 25, 25), now)).toBe('23:54–00:25');
    expect(windowOf(t, 'en', at(9), at(9, 0, 25), now)).toBe('09:00–Wed 09:00');
  });
});

it('writes numbers as people read them, and leaves alone what is masked', () => {
  expect(phoneNumber('+8613800138000')).toBe('+86 138 0013 8000');
  expect(phoneNumber('+442079460118')).toBe('+44 20 7946 0118');
  expect(phoneNumber('138****5678')).toBe('138****5678');
});
