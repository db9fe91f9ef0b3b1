import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import type { FarCall } from './house/far-phones.ts';
import { FarHouse, accepts, button, hands, presses, shows } from './house/far-house.ts';
import { axe, cutOff, notInOneLine } from './house/look-at.ts';
import { inHighContrast, look } from './house/states.ts';

/** Tones by which everybody is known, in hertz. */
const MIA = 440;
const PRIYA = 700;
const CUSTOMER = 1_000;

let house: FarHouse;
let quiet: Browser;

beforeAll(async () => {
  house = await FarHouse.open();
  quiet = await openBrowser();
});

afterAll(async () => {
  await quiet?.close();
  await house?.close();
});

afterEach(async ({ task }) => {
  const failed = task.result?.state === 'fail' ? task.name : undefined;
  expect(await house.empty(failed), 'what the browsers complained of').toEqual([]);
});

let customers = 0;
const customer = () => `+86138001${String(50_000 + ++customers)}`;

async function talks(mia: Person): Promise<FarCall> {
  const caller = await house.calls(customer());
  await caller.tone(CUSTOMER);
  await accepts(mia);
  return caller;
}

/** The buttons of a consultation that stand alone in a line. */
async function alone(person: Person): Promise<string[]> {
  const open = person.page.locator('button[title="Open phone"]');
  if (await open.isVisible()) await open.click();
  const all = button(person, 'Swap').locator('xpath=..').getByRole('button');
  await all.first().waitFor();
  const places = await all.evaluateAll(buttons =>
    buttons.map(one => ({ words: one.textContent ?? '', top: Math.round(one.getBoundingClientRect().top) })),
  );
  return places.filter(({ top }) => places.filter(one => one.top === top).length === 1).map(one => one.words);
}

it('stands well while it rings, and where it is no phone', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  // A tab of the same browser: the other one is the phone.
  const other = await mia.context.newPage();
  await other.goto('/');
  await other.getByText('Another tab or browser is the phone.').waitFor();
  const tab = Object.assign(Object.create(Person.prototype) as Person, { page: other });
  await look(tab, 'elsewhere');
  await other.close();

  const caller = await house.calls(customer());
  await shows(mia, 'ringing');
  await mia.page.getByText('Unanswered, your state becomes No answer.').waitFor();
  await mia.picture('panel-ringing-en-light-1360');
  expect([await axe(mia.page), await cutOff(mia.page)]).toEqual([[], []]);
  await presses(mia, /^Accept/);
  await caller.hangUp();

  const deaf = await Person.signedIn(quiet, house.web.url, 'priya');
  await deaf.page.getByText('This page is no phone yet.', { exact: false }).waitFor();
  await look(deaf, 'off');
  await deaf.page.getByRole('button', { name: 'Use microphone' }).click();
  await deaf.page.locator('aside [data-warns]').waitFor();
  await look(deaf, 'no-microphone');
  await deaf.leave();
});

it('stands well in every state of a call', async () => {
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const priya = await house.comes('priya', PRIYA);
  await look(mia, 'idle');

  const caller = await talks(mia);
  await look(mia, 'talking');
  await inHighContrast(mia, 'talking');
  await presses(mia, 'Hold');
  await button(mia, 'Resume').waitFor();
  await look(mia, 'held');
  await button(mia, 'Resume').click();
  await button(mia, 'Hold').waitFor();
  await button(mia, 'Keypad').click();
  await look(mia, 'keypad');
  await button(mia, 'Transfer').click();
  await mia.page.locator('aside li').first().waitFor();
  await look(mia, 'transfer');
  for (const language of ['简体中文', 'English'] as const) {
    await mia.speaks(language);
    expect(await notInOneLine(mia.page, 'aside li small'), language).toEqual([]);
  }
  await hands(mia, 'Priya N.', 'Consult');
  await shows(priya, 'ringing');
  // It counts down, and does not threaten with a state that does not come.
  await priya.page.locator('aside').getByText('seconds').waitFor();
  expect(await priya.page.getByText('Unanswered, your state becomes No answer.').count()).toBe(0);
  await accepts(priya);
  for (const width of [1_360, 820, 390]) {
    await mia.page.setViewportSize({ width, height: 900 });
    expect(await alone(mia), `alone in a line at ${width}`).toEqual([]);
  }
  await look(mia, 'consulting');
  await look(priya, 'consulted', 'briefly');
  await button(mia, 'Conference').first().click();
  await button(mia, 'Take out').waitFor();
  await look(mia, 'conference');
  await button(mia, 'Take out').click();
  await shows(priya, 'wrap_up').catch(() => shows(priya, 'idle'));
  await waitHeard(mia.page, CUSTOMER);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await look(mia, 'wrap-up');
});
