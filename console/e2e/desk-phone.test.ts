import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openBrowser, Person } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import { DESK, FarHouse, accepts, button, hands, presses, shows } from './house/far-house.ts';
import { axe, cutOff } from './house/look-at.ts';

/** Tones by which everybody is known, in hertz. */
const MIA = 440;
const ADAM = 620;
const CUSTOMER = 1_000;

let house: FarHouse;

beforeAll(async () => {
  house = await FarHouse.open();
  for (const agent of ['2014', '2011']) await house.does(agent, 'sign_out');
});

afterAll(async () => {
  await house?.close();
});

afterEach(async ({ task }) => {
  const failed = task.result?.state === 'fail' ? task.name : undefined;
  expect(await house.empty(failed), 'what the browsers complained of').toEqual([]);
});

it('is worked from the same page with a telephone on the desk', async () => {
  const desk = await house.desk();
  const browser = await openBrowser();
  const adam = await Person.come(browser, house.web.url);
  await adam.page.addInitScript(() => localStorage.setItem('nohold.phone', JSON.stringify({ by: 'desk' })));
  await adam.page.goto('/');
  await adam.signIn('adam');
  await adam.page.getByText('Calls ring at your phone 2001.', { exact: false }).waitFor();
  await house.does(DESK, 'sign_in');

  const caller = await house.calls('+8613800140001');
  await caller.tone(CUSTOMER);
  const rung = await desk.rings();
  await shows(adam, 'ringing');
  await adam.page.locator('aside').getByText('Answer at your phone.').waitFor();
  await adam.page.locator('aside').getByText('seconds').waitFor();
  await adam.picture('desk-phone-ringing');
  expect([await axe(adam.page), await cutOff(adam.page)]).toEqual([[], []]);
  await rung.answer();
  await rung.tone(ADAM);
  await shows(adam, 'talking');
  await caller.hears(ADAM);
  await rung.hears(CUSTOMER);
  expect(await button(adam, 'Mute').isDisabled()).toBe(true);

  await presses(adam, 'Hold');
  await caller.hearsMusic([ADAM]);
  await button(adam, 'Resume').click();
  await caller.hears(ADAM);
  await adam.picture('desk-phone-talking');

  // To a page, by the desk's page.
  await house.does('2014', 'sign_in');
  const mia = await house.comes('mia', MIA);
  await button(adam, 'Transfer').click();
  await hands(adam, 'Mia Torres', 'Transfer');
  expect(await rung.ended()).toBe('them');
  await accepts(mia);
  await caller.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await presses(mia, 'Hang up');
  expect(await caller.ended()).toBe('them');
  expect(adam.complaints).toEqual([]);
  await browser.close();
});
