import { expect, it } from 'vitest';
import { countryName, isWeb, timeThere } from './pop';

it('opens addresses of the web alone', () => {
  expect([isWeb('https://crm.example/1'), isWeb('HTTP://crm.example')]).toEqual([true, true]);
  expect([isWeb('javascript:alert(1)'), isWeb('file:///etc/passwd'), isWeb('')]).toEqual([
    false,
    false,
    false,
  ]);
});

it('says what time it is there only where the zones agree', () => {
  const now = Date.UTC(2026, 10, 27, 12, 30);
  expect(timeThere(['Asia/Shanghai'], now)).toBe('20:30');
  expect(timeThere(['Europe/Berlin', 'Europe/Paris'], now)).toBe('13:30');
  expect(timeThere(['America/New_York', 'America/Los_Angeles'], now)).toBeNull();
  expect([timeThere([], now), timeThere(['Nowhere/At_All'], now)]).toEqual([null, null]);
});

it('names the country in the language of the page', () => {
  expect([countryName('CN', 'en'), countryName('CN', 'zh'), countryName(null, 'en')]).toEqual([
    'China',
    '中国',
    '',
  ]);
});
