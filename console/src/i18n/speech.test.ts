import { describe, expect, it } from 'vitest';
import { setLanguage, spoken } from './index';
import { learn } from './speech';

const [en, zh] = [spoken.in('en'), spoken.in('zh')];

describe('a text', () => {
  it('has a form for none, one and many, as far as its language has them', () => {
    const callers = (t: typeof en) => [0, 1, 2].map(count => t('list.callers', { count }));
    expect(callers(en)).toEqual(['No callers waiting', '1 caller waiting', '2 callers waiting']);
    expect(callers(zh)).toEqual(['无来电排队', '1 个来电排队', '2 个来电排队']);
  });

  it('takes what belongs into it as it is', () => {
    expect(en('note.last', { who: '{{who}} $1 $t(page.close)' })).toBe(
      'Note, last call: {{who}} $1 $t(page.close)',
    );
    expect(en('note.last', { who: undefined })).toBe('Note, last call: ');
  });

  it('puts a space between Chinese and a Latin name, and none between Chinese and Chinese', () => {
    expect([zh('call.asksYou', { who: 'Mia Torres' }), zh('call.asksYou', { who: '何嘉' })]).toEqual([
      'Mia Torres 向你咨询',
      '何嘉向你咨询',
    ]);
    expect(zh('call.withThem', { customer: '+86 138', who: 'Priya N.' })).toBe(
      '+86 138、Priya N. 和你互相听得到。',
    );
  });

  it('ends with one full stop where a name has one', () => {
    const moved = (to: string) => en('call.moved', { who: 'Elena', to });
    expect([moved('Priya N.'), moved('Adam Kerr')]).toEqual([
      'Elena goes over to Priya N.',
      'Elena goes over to Adam Kerr.',
    ]);
    expect([
      zh('call.moved', { who: 'Elena', to: 'Priya N.' }),
      zh('call.moved', { who: 'Elena', to: '王芳' }),
    ]).toEqual(['Elena 转给 Priya N.', 'Elena 转给王芳。']);
  });

  it('shows its name where a newer server speaks of what nobody has written yet', () => {
    expect(en('refusal.of_tomorrow' as 'page.close')).toBe('refusal.of_tomorrow');
  });

  it('adds to a group what comes with a page', () => {
    learn('en', { page: { close: 'Close', other: 'Another' } });
    expect([en('page.close'), en('page.loading')]).toEqual(['Close', 'Loading']);
  });
});

it('turns the page to the language that was asked for last, whichever words come first', async () => {
  const heard: string[] = [];
  const stop = spoken.hear(() => heard.push(spoken.language));
  setLanguage('zh');
  setLanguage('en');
  setLanguage('zh');
  await expect.poll(() => spoken.language).toBe('zh');
  expect([document.documentElement.lang, spoken.t('page.close')]).toEqual(['zh-CN', '关闭']);
  const { t } = spoken;
  setLanguage('en');
  await expect.poll(() => document.documentElement.lang).toBe('en');
  // Whoever keeps it, as modules do, speaks the language of now.
  expect(t('page.close')).toBe('Close');
  expect(heard.at(-1)).toBe('en');
  stop();
});
