import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Person } from './house/browser.ts';
import { FarHouse, accepts, button, presses, ready, shows } from './house/far-house.ts';
import { covered } from './house/look-at.ts';

/** Tones by which two are known, in hertz. */
const MIA = 440;
const CUSTOMER = 1_000;

/** After a talk of this length a customer counts as served, in milliseconds. */
const SERVED_AFTER = 2_000;

let house: FarHouse;

beforeAll(async () => {
  house = await FarHouse.open(
    'recording_notice = "recording-notice"\n',
    `served_after = "${SERVED_AFTER / 1_000}s"\n`,
  );
});

afterAll(async () => {
  await house?.close();
});

afterEach(async ({ task }) => {
  const failed = task.result?.state === 'fail' ? task.name : undefined;
  expect(await house.empty(failed), 'what the browsers complained of').toEqual([]);
});

let customers = 0;
const customer = () => `+86138001${String(70_000 + ++customers)}`;

/** Puts the row of what was said over the page, as a toast would be. */
const overlay = (page: Page, over: boolean) =>
  page.locator('[data-dock]').evaluate((dock, over) => {
    const style = over ? { position: 'fixed', inset: '30% 0 0 0', zIndex: '9' } : { position: '', inset: '' };
    Object.assign((dock as HTMLElement).style, style);
  }, over);

/** A request has come, and what is said of it lies over nothing, at both widths. */
async function nothingCovered(mia: Person, state: string): Promise<void> {
  const { page } = mia;
  await house.server.request(customer());
  await page.locator('[data-dock] [data-notice=request]').first().waitFor();
  // It stays while somebody points at it.
  await page.locator('[data-dock] [data-notice=request]').first().hover();
  for (const [width, height] of [
    [1_360, 768],
    [820, 1_180],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.locator('aside [data-call]').waitFor();
    expect(await page.locator('[data-dock] [data-notice=request]').count()).toBeGreaterThan(0);
    expect(await covered(page), `${state} at ${width}`).toEqual([]);
  }
  await page.setViewportSize({ width: 1_360, height: 768 });
}

it.each([
  ['English', /^Accept/],
  ['简体中文', /^接听/],
] as const)('covers neither call nor list with what it says, in %s', async (language, accept) => {
  await house.does('2011', 'sign_out');
  for (let n = 0; n < 12; n += 1) await house.server.request(customer());
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  await mia.speaks(language);
  const caller = await house.calls(customer());
  await shows(mia, 'ringing', 30_000);
  await page.locator('[data-customer]').waitFor();
  await page.locator('nav a[href="/list"]').first().click();
  await page.locator('[data-row]').nth(3).waitFor();
  await nothingCovered(mia, 'ringing');
  // What looks for it finds it.
  await overlay(page, true);
  expect((await covered(page)).length).toBeGreaterThan(3);
  await overlay(page, false);
  await presses(mia, accept);
  await shows(mia, 'talking');
  await page.locator('nav a[href="/list"]').first().click();
  await nothingCovered(mia, 'talking');
  await caller.hangUp();
});

it('closes an open request as served after a talk with its customer, and takes that back', async () => {
  await house.does('2011', 'sign_out');
  const number = customer();
  const entry = await house.server.request(number);
  const state = async () => {
    const found = await house.server.ask<{ entry: { state: object } }>('GET', `/api/entries/${entry}`);
    return found.entry.state;
  };
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  // The tests before this one left more requests than rows are in sight.
  const alone = `q=${number.slice(-5)}`;
  await page.goto(`/list?${alone}`);
  await ready(mia);
  await mia.row(entry).waitFor();
  const caller = await house.calls(number);
  await caller.tone(CUSTOMER);
  await accepts(mia, 30_000);
  await caller.hears(MIA);
  await page.locator('[data-hint=open]').waitFor();
  const call = await page.waitForFunction(() => /\/customer\/(.+)$/.exec(location.pathname)?.[1]);
  // The talk takes its time.
  await new Promise(resolve => setTimeout(resolve, SERVED_AFTER));
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await page.locator('[data-hint=served]').waitFor();
  await presses(mia, /^(Save|Finish)$/);
  await shows(mia, 'idle');

  // The call leads to the request that it has served.
  await page.goto(`/history/${await call.jsonValue()}`);
  const served = page.locator('dl > div').filter({ hasText: 'Served by this call' });
  await served.getByRole('link', { name: 'Open the entry' }).click();
  await page.waitForURL(`**/list/${entry}`);

  await page.goto(`/list?tab=done&${alone}`);
  // Only what closed as served can be taken back.
  const takeBack = mia.row(entry).getByRole('button', { name: 'Take back' });
  await takeBack.waitFor();
  expect(await state()).toMatchObject({ name: 'closed', reason: 'served' });
  await takeBack.click();
  await mia.row(entry).waitFor({ state: 'detached' });
  await page.goto(`/list?${alone}`);
  await mia
    .row(entry)
    .getByRole('button', { name: /^Call back/ })
    .waitFor();
  expect(await state()).toMatchObject({ name: 'waiting' });
});

it('keeps with a call that is over what was written about it, by the names that people know', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const caller = await house.calls(customer());
  await accepts(mia, 30_000);
  await caller.hears(MIA);
  const call = await page.waitForFunction(() => /\/customer\/(.+)$/.exec(location.pathname)?.[1]);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await page.getByLabel('Note', { exact: true }).fill('Boiler stopped again');
  await page.locator('aside [role=option]').filter({ hasText: 'Engineer booked' }).click();
  await page.locator('[data-disposition=booked]').waitFor();
  await presses(mia, /^(Save|Finish)$/);
  await shows(mia, 'idle');
  await page.goto(`/history/${await call.jsonValue()}`);
  await page.locator('dd').getByText('Engineer booked', { exact: true }).waitFor();
  await page.getByText('Boiler stopped again').waitFor();
});

it('pauses the recording of a call, and goes on with it', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  const caller = await house.calls(customer());
  await caller.tone(CUSTOMER);
  await accepts(mia, 30_000);
  const light = (state: string) => mia.page.locator(`aside [data-recording=${state}]`);
  const recorded = async () => {
    const { items } = await house.server.ask<{ items: { recording?: string }[] }>('GET', '/api/calls');
    return items.map(({ recording }) => recording);
  };
  await light('on').waitFor();
  expect(await recorded()).toEqual(['on']);
  await presses(mia, 'Pause rec.');
  await light('paused').waitFor();
  expect(await recorded()).toEqual(['paused']);
  await presses(mia, 'Go on rec.');
  await light('on').waitFor();
  expect(await recorded()).toEqual(['on']);
  await button(mia, 'Pause rec.').waitFor();
  await caller.hangUp();
});

it('is the phone of who may not see numbers, too', async () => {
  const may = (may?: string[]) =>
    house.server.ask('PUT', '/api/users/mia', { role: 'agent', agent: '2014', may });
  await house.does('2011', 'sign_out');
  await may([]);
  try {
    const number = customer();
    const mia = await house.comes('mia', MIA);
    const caller = await house.calls(number);
    await caller.tone(CUSTOMER);
    await accepts(mia, 30_000);
    await caller.hears(MIA);
    expect(await mia.page.content()).not.toContain(number.slice(3));
    // Who logs out hangs up: not in the middle of a call.
    await mia.page
      .locator('header')
      .getByRole('button', { name: /Mia Torres/ })
      .click();
    const out = mia.page.getByRole('menuitem', { name: /^Log out/ });
    expect(await out.textContent()).toBe('Log out after the call');
    expect(await out.isDisabled()).toBe(true);
    await mia.page.keyboard.press('Escape');
    await caller.hangUp();
  } finally {
    await may();
  }
});
