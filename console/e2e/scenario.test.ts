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
  const row = (at: Person) => at.page.locator('[data-row]').filter({ hasText: '0013 0001' }).first();
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
  await button(priya, /^(Save|Finish)$/).click();
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
  await button(mia, /^(Save|Finish)$/).click();

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
  // Their notes are saved already, so that nothing is left to do.
  await shows(priya, 'idle');
  await shows(mia, 'idle');
  await row(mia).waitFor({ state: 'detached' });
});

it('keeps a customer whose agent is gone for half a minute, and gives them to the next as recovered', async () => {
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const priya = await house.comes('priya', PRIYA);
  const caller = await house.calls(customer());
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await caller.hears(MIA);
  await house.does('2011', 'available');

  // The machine of the agent loses its power; nobody says goodbye.
  const lost = Date.now();
  await mia.page.context().browser()?.close();
  await shows(priya, 'ringing', 60_000);
  expect(Date.now() - lost).toBeGreaterThan(25_000);
  expect(caller.isOver()).toBe(false);
  const { items } = await house.server.ask<{ items: { key: string; callers: { class: string }[] }[] }>(
    'GET',
    '/api/queues',
  );
  const line = items.find(({ key }) => key === '600')?.callers.map(one => one.class);
  expect(line).toEqual(['recovered']);
  await caller.hearsMusic([MIA, PRIYA]);
  await accepts(priya);
  await caller.hears(PRIYA);
  await waitHeard(priya.page, CUSTOMER);
  await presses(priya, 'Hang up');
  expect(await caller.ended()).toBe('them');
});

it('takes a call up again whose page came back within half a minute', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  const caller = await house.calls(customer());
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await waitHeard(mia.page, CUSTOMER);
  await mia.page.reload();
  await shows(mia, 'talking', 30_000);
  await waitHeard(mia.page, CUSTOMER);
  await caller.hears(MIA);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
});

it('comes back by itself after a crash, with the request and with who was cut off', async () => {
  const [asked, talked] = [customer(), customer()];
  const request = await house.server.request(asked);
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  await mia.row(request).waitFor();
  const caller = await house.calls(talked);
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await waitHeard(mia.page, CUSTOMER);

  await house.server.kill();
  await mia.page.locator('[data-state=connected]').waitFor({ state: 'detached' });
  await house.server.start();
  await mia.page.locator('[data-state=connected]').waitFor({ timeout: 60_000 });
  await shows(mia, 'idle', 30_000);
  await ready(mia);
  await mia.page.goto('/list');
  await ready(mia);
  await mia.row(request).waitFor();
  const cutOff = mia.page.locator('[data-row]').filter({ hasText: talked.slice(-4) });
  await cutOff.getByText('Line broke').waitFor();
  await mia.page.getByText('Cut off by us').waitFor();
  await mia.picture('after-a-crash');

  // And it goes on: the customer who was cut off is called back from this page.
  await house.does('2014', 'available').catch(() => {});
  await cutOff
    .first()
    .getByRole('button', { name: /^Call back/ })
    .click();
  const called = await house.carrier.rings();
  expect(called.called).toBe(talked);
  await called.answer();
  await called.tone(CUSTOMER);
  await called.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await called.hangUp();
  await shows(mia, 'wrap_up');
});

it('calls a missed caller back, closes the entry, and hands a live caller to a flow', async () => {
  const number = customer();
  await house.does('2011', 'sign_out');
  await house.does('2014', 'not_ready');
  const missed = await house.calls(number);
  await missed.hearsMusic([MIA]);
  await missed.hangUp();
  const mia = await house.comes('mia', MIA);
  const row = mia.page
    .locator('[data-row]')
    .filter({ hasText: `${number.slice(-8, -4)} ${number.slice(-4)}` })
    .first();
  await row.getByRole('button', { name: /^Call back/ }).click();
  const called = await house.carrier.rings();
  expect(called.called).toBe(number);
  await called.answer();
  await called.tone(CUSTOMER);
  await called.hears(MIA);
  await shows(mia, 'talking');

  // To the flow behind 700: the menu is heard, and a 2 in it is a request.
  await presses(mia, 'Transfer');
  await hands(mia, 'Queue overflow', 'Transfer');
  await shows(mia, 'wrap_up');
  await called.hearsMusic([MIA]);
  await called.press('2');
  expect(await called.ended(60_000)).toBe('them');
  await button(mia, /^(Save|Finish)$/).click();
  await shows(mia, 'idle');
  await row.getByText(/Pressed 2/).waitFor();
});
