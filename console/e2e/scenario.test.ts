import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Person } from './house/browser.ts';
import { waitHeard, waitHeardAll } from './house/ear.ts';
import { FarHouse, accepts, button, hands, presses, ready, shows } from './house/far-house.ts';

/** Tones by which everybody is known, in hertz. */
const MIA = 440;
const PRIYA = 700;
const CUSTOMER = 1_000;

let house: FarHouse;

beforeAll(async () => {
  house = await FarHouse.open();
});

afterAll(async () => {
  await house?.close();
});

afterEach(async ({ task }) => {
  const failed = task.result?.state === 'fail' ? task.name : undefined;
  expect(await house.empty(failed), 'what the browsers complained of').toEqual([]);
});

let customers = 0;
const customer = () => `+86138001${String(30_000 + ++customers)}`;

it('brings a caller who pressed 2 to two pages, and one of them calls back, holds, presses keys and hands over', async () => {
  const number = customer();
  await house.does('2014', 'not_ready');
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const priya = await house.comes('priya', PRIYA);

  const caller = await house.calls(number);
  await caller.press('2');
  await caller.hearsMusic([MIA, PRIYA]);
  await caller.press('2');
  // Noted before a word of thanks is said.
  const row = (at: Person) => at.page.locator('[data-row]').filter({ hasText: '0001' }).first();
  for (const at of [mia, priya]) {
    await row(at).waitFor();
    await at.page
      .getByRole('alert')
      .getByText(/^Callback request/)
      .waitFor();
  }
  expect(caller.isOver()).toBe(false);
  expect(await caller.ended(60_000)).toBe('them');

  await house.does('2014', 'available');
  await house.does('2011', 'available');

  await row(priya)
    .getByRole('button', { name: /^Call back/ })
    .click();
  const called = await house.carrier.rings();
  expect([called.called, called.caller]).toEqual([number, '+862161230001']);
  expect(
    await row(mia)
      .getByRole('button', { name: /^Call back/ })
      .count(),
  ).toBe(0);
  await shows(priya, 'calling');
  await called.answer();
  await called.tone(CUSTOMER);
  await shows(priya, 'talking');
  await called.hears(PRIYA);
  await waitHeard(priya.page, CUSTOMER);

  await presses(priya, 'Hold');
  await called.hearsMusic([PRIYA]);
  await waitHeard(priya.page, 'silence');
  await button(priya, 'Resume').click();
  await called.hears(PRIYA);
  await waitHeard(priya.page, CUSTOMER);

  await button(priya, 'Keypad').click();
  for (const key of [/^1/, /^7/, '#']) await button(priya, key).click();
  await expect.poll(() => called.digits(), { timeout: 15_000 }).toBe('17#');
  await called.hears(PRIYA);
  await button(priya, 'Keypad').click();

  // Blind, to Mia.
  await button(priya, 'Transfer').click();
  await hands(priya, 'Mia Torres', 'Transfer');
  await accepts(mia);
  await called.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await shows(priya, 'wrap_up');
  await button(priya, 'Finish').click();
  await shows(priya, 'idle');

  // Asked first, then handed over.
  await presses(mia, 'Transfer');
  await hands(mia, 'Priya N.', 'Consult');
  await accepts(priya);
  await waitHeard(mia.page, PRIYA);
  await waitHeard(priya.page, MIA);
  await called.hearsMusic([MIA, PRIYA]);
  await button(mia, 'Swap').click();
  await called.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await button(mia, 'Hand over').click();
  await called.hears(PRIYA);
  await waitHeard(priya.page, CUSTOMER);
  await shows(mia, 'wrap_up');
  await button(mia, 'Finish').click();

  // All three, over a reload of one of them.
  await presses(priya, 'Conference');
  await hands(priya, 'Mia Torres', 'Consult');
  await accepts(mia);
  await button(priya, 'Conference').last().click();
  const everybodyHears = async () => {
    await called.hearsAll([MIA, PRIYA], [CUSTOMER]);
    await waitHeardAll(mia.page, [PRIYA, CUSTOMER], [MIA]);
    await waitHeardAll(priya.page, [MIA, CUSTOMER], [PRIYA]);
  };
  await everybodyHears();
  await priya.page.reload();
  await shows(priya, 'talking', 30_000);
  await ready(priya);
  await everybodyHears();

  await called.hangUp();
  await shows(priya, 'wrap_up');
  await button(priya, 'Finish').click();
});
