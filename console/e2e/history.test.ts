import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { Carrier } from './house/carrier.ts';
import { chooseLastMonth } from './house/fields.ts';
import { axe, cutOff } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

/** As in `house.toml`: the number that rings queue 600. */
const SUPPORT = '+862161230001';
const CUSTOMER = '+8613800138123';

let browser: Browser;
let carrier: Carrier;
let server: Server;
let web: Web;

interface Page {
  items: { call: string; end: string }[];
}

beforeAll(async () => {
  carrier = await Carrier.open();
  server = await Server.start({ carrier: carrier.at });
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  await carrier.callsAndHangsUp(server.sip, CUSTOMER, SUPPORT, 6_500);
  await carrier.callsAndHangsUp(server.sip, '+8613900139456', SUPPORT, 6_500);
  const over = async () => (await server.ask<Page>('GET', '/api/history')).items.length;
  for (let tries = 0; (await over()) < 2; tries += 1) {
    if (tries === 100) throw new Error('the calls do not stand in the history');
    await new Promise(resolve => setTimeout(resolve, 100));
  }
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
  await carrier?.close();
});

it('shows the calls that are over, finds one by its last digits, and tells it leg by leg', async () => {
  const root = await Person.signedIn(browser, web.url, 'root');
  const { page } = root;
  await page.getByRole('link', { name: 'Calls', exact: true }).click();
  const rows = page.locator('tbody tr');
  await expect.poll(() => rows.count()).toBe(2);
  await page.getByLabel('Number', { exact: true }).fill('8123');
  await page.waitForURL(/number=/);
  await expect.poll(() => rows.count()).toBe(1);
  await rows.getByText('Missed').waitFor();
  await rows.getByRole('link', { name: '+86 138 0013 8123' }).click();
  await page.getByRole('heading', { name: '+86 138 0013 8123' }).waitFor();
  await page.getByText('Who was on the line').waitFor();
  await page.getByText(/^waited 0:0\d$/).waitFor();
  await page.getByRole('link', { name: 'Open the entry' }).click();
  await page.waitForURL(/\/list\/cbr_/);
  await page.goBack();
  await page.goBack();
  expect(await page.getByLabel('Number', { exact: true }).inputValue()).toBe('8123');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(() => rows.count()).toBe(2);
  const [table] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export as CSV' }).click(),
  ]);
  expect(table.suggestedFilename()).toMatch(/^calls-\d{4}-\d\d-\d\d\.csv$/);
  expect((await readFile(await table.path(), 'utf8')).trimEnd().split('\r\n')).toHaveLength(3);
  await chooseLastMonth(page, 'To');
  await page.getByText('No call fits').waitFor();
  expect(root.complaints).toEqual([]);
  await root.leave();
});

it('calls customers by name for who sees no number, in the history and among the last calls', async () => {
  const user = { role: 'agent', agent: '2014' };
  await server.ask('POST', '/api/contacts', { name: 'Elena Marsh', numbers: [CUSTOMER] });
  await server.ask('PUT', '/api/users/mia', { ...user, may: [] });
  const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/history' });
  const rows = mia.page.locator('tbody tr');
  await rows.getByRole('link', { name: 'Elena Marsh' }).waitFor();
  await rows.getByText('139****9456').first().waitFor();
  expect(await mia.page.content()).not.toContain(CUSTOMER.slice(3));
  await rows.getByRole('link', { name: 'Elena Marsh' }).click();
  await mia.page.getByRole('heading', { level: 1, name: 'Elena Marsh' }).waitFor();
  expect(mia.complaints).toEqual([]);
  await mia.leave();
  await server.ask('PUT', '/api/users/mia', user);
});

it('says that a call is not there', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia', {
    path: '/history/call_01KJNXTTXY000S7VTX2G2BHZNJ',
  });
  await mia.page.getByText('No such call').waitFor();
  await mia.leave();
});

it('adds up the day of an agent, which nobody else has', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia');
  const { page } = mia;
  await server.ask('POST', '/api/agents/2014', { action: 'sign_in' });
  await page.getByRole('link', { name: 'Today', exact: true }).click();
  await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
  await page.getByText(/^Signed in at \d/).waitFor();
  await page
    .getByText(/^Available/)
    .first()
    .waitFor();
  expect(mia.complaints).toEqual([]);
  await mia.leave();
  const root = await Person.signedIn(browser, web.url, 'root', { path: '/today' });
  await root.page.getByText('You have no day of calls').waitFor();
  await root.leave();
});

describe.each(['en', 'zh'] as const)('in %s', language => {
  it.each([
    [1360, 768, 'light'],
    [820, 1180, 'dark'],
    [390, 844, 'light'],
  ] as const)('at %i × %i they can be read and used', async (width, height, theme) => {
    const [newest] = (await server.ask<Page>('GET', '/api/history')).items;
    for (const [name, who, path, there] of [
      ['history', 'mia', '/history', 'tbody tr'],
      ['past-call', 'root', `/history/${newest?.call}`, 'dl dd'],
      ['today', 'mia', '/today', 'dl dd'],
    ] as const) {
      const looks = { language, theme, width, height, path };
      const person = await Person.signedIn(browser, web.url, who, looks);
      await person.page.locator(there).first().waitFor();
      const picture = `${name}-${language}-${theme}-${width}`;
      await person.picture(picture);
      expect.soft(await cutOff(person.page), `${picture}: cut off`).toEqual([]);
      expect.soft(await axe(person.page), `${picture}: axe`).toEqual([]);
      await person.leave();
    }
  });
});
