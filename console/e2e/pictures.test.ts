import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Person } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import { FarHouse, accepts, presses, shows } from './house/far-house.ts';
import { axe, cutOff } from './house/look-at.ts';

/**
 * One morning at a desk, and the pictures of it that stand in the documents: `npm run pictures`.
 */

/** Tones by which two are known, in hertz. */
const MIA = 440;
const CUSTOMER = 1_000;

const TOM = '+442079460172';
const CHEN = '+8613800004417';
const GRACE = '+442079460118';
const LIU = '+8613800006608';
const ANNA = '+12025550142';

let house: FarHouse;

beforeAll(async () => {
  house = await FarHouse.open('recording_notice = "recording-notice"\n');
});

afterAll(async () => {
  await house?.close();
});

const pause = (length: number) => new Promise(resolve => setTimeout(resolve, length));

async function known(): Promise<void> {
  const all = [
    { name: 'Tom Okafor', numbers: [TOM], company: 'Okafor Heating', language: 'en' },
    { name: '陈静', numbers: [CHEN], company: '海棠花店', language: 'zh' },
    { name: 'Grace Lindqvist', numbers: [GRACE], language: 'en' },
    { name: '刘伟', numbers: [LIU], company: '东方物流', language: 'zh' },
  ];
  for (const one of all) {
    const { id } = await house.server.ask<{ id: string }>('POST', '/api/contacts', one);
    if (one.numbers.includes(TOM))
      await house.server.ask('POST', `/api/contacts/${id}/notes`, { text: 'Prefers e-mail for invoices.' });
  }
}

/** A conversation with an outcome, of an agent who is at the page. */
async function converses(mia: Person, from: string): Promise<void> {
  const caller = await house.calls(from);
  await accepts(mia);
  await caller.tone(CUSTOMER);
  await caller.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  const note = mia.page.locator('[data-customer] textarea, aside textarea').first();
  await note.fill('Boiler stopped again, engineer on Friday.');
  await mia.page.locator('[data-kept=kept]').waitFor();
  await presses(mia, /^(Save|Finish)$/);
  await shows(mia, 'idle');
}

/** Nobody is free: one presses 2, one speaks a message, two give up, and some have asked otherwise. */
async function fills(): Promise<void> {
  for (const agent of ['2014', '2011']) await house.does(agent, 'not_ready');
  const asks = await house.calls(CHEN);
  await asks.press('2');
  await asks.hearsMusic([MIA]);
  await asks.press('2');
  const speaks = await house.calls(LIU);
  await speaks.tone(CUSTOMER);
  await speaks.press('2');
  await speaks.hearsMusic([MIA]);
  await speaks.press('3');
  await speaks.hearsSilence();
  await pause(4_000);
  await speaks.press('#');
  for (const from of [ANNA, '+8613800007152']) {
    const gives = await house.calls(from);
    await pause(3_000);
    await gives.hangUp();
  }
  const { server } = house;
  await server.promise(await server.request(GRACE), 6 * 60_000);
  await server.request(TOM);
  const taken = await server.request('+442079460035');
  await server.ask('POST', `/api/entries/${taken}/claim`, { agent: '2011' });
  await asks.ended(60_000);
}

const DESK = { width: 1_360, height: 768 };
const TELEPHONE = { width: 390, height: 844 };

/** The page in both languages, each of which can be read and used. */
async function picture(person: Person, name: string, size = DESK): Promise<void> {
  const notices = person.page.locator('[data-notice]');
  while ((await notices.count()) > 0) await notices.first().getByRole('button').last().click();
  for (const [language, word] of [
    ['en', 'English'],
    ['zh', '简体中文'],
  ] as const) {
    // A narrow page has its languages in a menu.
    await person.page.setViewportSize(DESK);
    await person.speaks(word);
    await person.page.setViewportSize(size);
    await person.picture(`${name}.${language}`);
    expect.soft(await cutOff(person.page), `${name} in ${language}: cut off`).toEqual([]);
    expect.soft(await axe(person.page), `${name} in ${language}: axe`).toEqual([]);
  }
  await person.page.setViewportSize(DESK);
  await person.speaks('English');
}

it('shows a morning at a desk', async () => {
  await known();
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  await converses(mia, TOM);
  await fills();

  for (const who of ['Tom Okafor', '陈静', 'Grace Lindqvist', '刘伟'])
    await page.locator('[data-row]').filter({ hasText: who }).first().waitFor();
  await picture(mia, 'list');

  await picture(mia, 'list-on-a-telephone', TELEPHONE);

  await house.does('2014', 'available');
  const caller = await house.calls(TOM);
  await shows(mia, 'ringing');
  await page
    .locator('[data-customer]')
    .getByRole('heading', { name: /Tom Okafor/ })
    .waitFor();
  await picture(mia, 'ringing');
  await presses(mia, /^Accept/);
  await shows(mia, 'talking');
  await caller.tone(CUSTOMER);
  await waitHeard(page, CUSTOMER);
  await picture(mia, 'talking');
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await presses(mia, /^(Save|Finish)$/);
  await shows(mia, 'idle');

  await page.getByRole('link', { name: 'Today', exact: true }).click();
  await page.getByText(/^Signed in at \d/).waitFor();
  await picture(mia, 'today');

  await page.getByRole('link', { name: 'Calls', exact: true }).click();
  await page.locator('tbody tr').nth(3).waitFor();
  await picture(mia, 'history');
  await page.locator('tbody tr').filter({ hasText: 'Tom' }).last().getByRole('link').first().click();
  await page.locator('svg[data-wave]:not([data-wave=flat])').first().waitFor();
  await picture(mia, 'past-call');
  expect(mia.complaints).toEqual([]);
});
