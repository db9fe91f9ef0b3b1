import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { Carrier } from './house/carrier.ts';
import { axe, cutOff } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { inHighContrast } from './house/states.ts';
import { Web } from './house/web.ts';

let browser: Browser;
let carrier: Carrier;
let server: Server;
let web: Web;
let first = '';

/** A list with something in every look that the API and a telephone can make. */
async function fill(): Promise<void> {
  first = await server.request('+442079460118');
  await server.promise(first, 2_000);
  const taken = await server.request('+12025550142');
  await server.promise(taken, 2_000);
  await server.promise(await server.request('+8613800004417'), 4 * 60_000);
  const mine = await server.request('+442079460035');
  await server.request('+8613800006608', { target: { service: 'support', group: 'support-a' } });
  await server.request('+442079460151', { not_before: Date.now() + 3 * 3_600_000 });
  const done = await server.request('+442079460097');
  await server.ask('POST', `/api/entries/${taken}/claim`, { agent: '2011' });
  await server.ask('POST', `/api/entries/${mine}/claim`, { agent: '2014' });
  const close = { outcome: 'close', reason: 'cancelled', note: 'Called by herself.' };
  await server.ask('POST', `/api/entries/${done}/outcome`, close);
  for (const agent of ['2014', '2011', '2001'])
    await server.ask('POST', `/api/agents/${agent}`, { action: 'not_ready' });
  for (const number of ['+8613800007152', '+8613800007152', '+442079460146']) {
    await carrier.callsAndHangsUp(server.sip, number, '+862161230001', 6_000);
  }
  await server.ask('POST', '/api/agents/2014', { action: 'available' });
  await server.ask('POST', '/api/agents/2011', { action: 'break', reason: 'lunch' });
}

beforeAll(async () => {
  carrier = await Carrier.open();
  server = await Server.start({ carrier: carrier.at });
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  await fill();
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
  await carrier?.close();
});

const LOOKS = (['en', 'zh'] as const).flatMap(language =>
  (['light', 'dark'] as const).map(theme => ({ language, theme })),
);
const SIZES = [
  [1360, 768],
  [820, 1180],
  [390, 844],
] as const;

/** Nothing cut off, nothing that axe finds, and a picture. */
async function check(person: Person, name: string): Promise<void> {
  await person.picture(name);
  expect.soft(await cutOff(person.page), `${name}: cut off`).toEqual([]);
  expect.soft(await axe(person.page), `${name}: axe`).toEqual([]);
}

const escape = (person: Person) => person.page.keyboard.press('Escape');

describe.each(LOOKS)('in $language, $theme', looks => {
  it.each(SIZES)('at %i × %i every page can be read and used', async (width, height) => {
    const at = (what: string) => `${what}-${looks.language}-${looks.theme}-${width}`;
    const out = await Person.come(browser, web.url, { ...looks, width, height });
    await out.page.goto('/');
    await out.page.locator('input[name=username]').waitFor();
    await check(out, at('sign-in'));
    await out.leave();

    const person = await Person.signedIn(browser, web.url, 'mia', { ...looks, width, height });
    const { page } = person;
    await person.row(first).waitFor();
    await check(person, at('list'));

    await page.locator('header button[data-state]').click();
    await page.getByRole('menu').waitFor();
    await check(person, at('state-menu'));
    await escape(person);

    await page
      .locator('header')
      .getByRole('button', { name: looks.language === 'en' ? /alert/i : /提醒/ })
      .click();
    await page.getByRole('dialog').waitFor();
    await check(person, at('alerts'));
    await escape(person);

    // Narrower, what it has stands on the entry's page.
    if (width > 1000) {
      await person.row(first).locator('[data-more]').click();
      await page.getByRole('menu').waitFor();
      await check(person, at('row-menu'));
      await escape(person);
    }

    await person.row(first).getByRole('link').click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('ol li').first().waitFor();
    await check(person, at('entry'));

    await page
      .getByRole('button', { name: looks.language === 'en' ? 'Postpone' : '改约', exact: true })
      .click();
    await page.getByRole('dialog').waitFor();
    await check(person, at('postpone'));
    await page.getByLabel(looks.language === 'en' ? 'Day' : '日期', { exact: true }).click();
    await page.locator('table').waitFor();
    await check(person, at('calendar'));
    // The calendar goes before the dialog does.
    await escape(person);
    await page.locator('table').waitFor({ state: 'hidden' });
    await page.getByRole('dialog').waitFor();
    await escape(person);
    await page.getByRole('button', { name: looks.language === 'en' ? 'Close' : '关闭', exact: true }).click();
    await page.getByRole('dialog').waitFor();
    await check(person, at('outcome'));
    await escape(person);

    await page.goto('/list?tab=other');
    await page.locator('[data-row]').first().waitFor();
    await check(person, at('closed'));

    await page.goto('/settings');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await check(person, at('settings'));

    await page.goto('/list?q=nobody');
    await page
      .getByRole('heading', {
        name: looks.language === 'en' ? 'No entry fits these filters' : '没有符合筛选条件的条目',
      })
      .waitFor();
    await check(person, at('empty'));

    await page.goto('/nowhere');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await check(person, at('nowhere'));

    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('7946');
    await check(person, at('palette'));
    await escape(person);
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.locator('body').click({ position: { x: 5, y: 300 } });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await check(person, at('keys'));
    expect(person.complaints).toEqual([]);
    await person.leave();
  });

  it.each(SIZES)('at %i × %i the dialogs of a supervisor can be read and used', async (width, height) => {
    const at = (what: string) => `${what}-${looks.language}-${looks.theme}-${width}`;
    const words = (en: string, zh: string) => (looks.language === 'en' ? en : zh);
    const person = await Person.signedIn(browser, web.url, 'root', {
      ...looks,
      width,
      height,
      path: `/list/${first}`,
    });
    const { page } = person;
    for (const [what, name] of [
      ['assign', words('Assign', '指派')],
      ['block', words('Block number', '加入黑名单')],
    ] as const) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.getByRole('dialog').waitFor();
      await check(person, at(what));
      await page
        .getByRole('dialog')
        .getByRole('button', { name: words('Cancel', '取消'), exact: true })
        .click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    expect(person.complaints).toEqual([]);
    await person.leave();
  });
});

it('stands well in high contrast', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia');
  await mia.row(first).waitFor();
  await inHighContrast(mia, 'list');
  for (const page of ['settings', 'history', 'contacts', 'today']) {
    await mia.page.goto(`/${page}`);
    await mia.page.locator('main h1').waitFor();
    await mia.page.locator('main').getByText('Loading').waitFor({ state: 'detached' });
    await inHighContrast(mia, page);
  }
  await mia.leave();
});

it('can be read while the server is away', async () => {
  const there: [Person, string][] = [];
  for (const looks of LOOKS)
    for (const [width, height] of SIZES.slice(1)) {
      const person = await Person.signedIn(browser, web.url, 'mia', { ...looks, width, height });
      there.push([person, `reconnecting-${looks.language}-${looks.theme}-${width}`]);
    }
  await server.kill();
  for (const [person, name] of there) {
    await person.page.locator('[data-state=reconnecting]').waitFor();
    await check(person, name);
    await person.leave();
  }
  await server.start();
});
