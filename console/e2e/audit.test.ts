import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { chooseLastMonth } from './house/fields.ts';
import { axe, cutOff } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

let browser: Browser;
let server: Server;
let web: Web;
let entry = '';

beforeAll(async () => {
  server = await Server.start();
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  entry = await server.request('+442079460118');
  await server.ask('POST', `/api/entries/${entry}/claim`, { agent: '2014' });
  await server.ask('PUT', '/api/users/adam', { role: 'administrator', agent: '2001' });
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
});

it('shows an administrator who has asked for what, by user and thing', async () => {
  const root = await Person.signedIn(browser, web.url, 'root');
  const { page } = root;
  await page.getByRole('link', { name: 'Audit' }).click();
  const rows = page.locator('tbody tr');
  await rows.filter({ hasText: `POST /api/entries/${entry}/claim` }).waitFor();
  const changed = rows.filter({ hasText: 'PUT /api/users/adam' });
  await changed.getByText('role: supervisor → administrator').waitFor();
  await changed.getByText('Operator of this server').waitFor();

  await page.getByLabel('User', { exact: true }).fill('root');
  await page.waitForURL(/who=root/);
  await rows.filter({ hasText: 'POST /api/session' }).first().waitFor();
  await expect.poll(() => rows.filter({ hasText: 'PUT /api/users/adam' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('Thing, by id or name').fill(entry);
  await page.waitForURL(/object=/);
  // It was asked for, and claimed.
  await expect.poll(() => rows.count()).toBe(2);
  await chooseLastMonth(page, 'To day');
  await page.getByText('No line fits').waitFor();
  await page.reload();
  await page.getByText('No line fits').waitFor();
  expect(root.complaints).toEqual([]);
  await root.leave();
});

it('is not for agents', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/audit' });
  await mia.page.getByText('Only administrators read it.').waitFor();
  expect(await mia.page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  await mia.leave();
});

describe.each(['en', 'zh'] as const)('in %s', language => {
  it.each([
    [1360, 768, 'light'],
    [820, 1180, 'dark'],
    [390, 844, 'light'],
  ] as const)('at %i × %i it can be read and used', async (width, height, theme) => {
    const looks = { language, theme, width, height, path: '/audit' };
    const root = await Person.signedIn(browser, web.url, 'root', looks);
    await root.page.locator('tbody tr').first().waitFor();
    const name = `audit-${language}-${theme}-${width}`;
    await root.picture(name);
    expect.soft(await cutOff(root.page), `${name}: cut off`).toEqual([]);
    expect.soft(await axe(root.page), `${name}: axe`).toEqual([]);
    await root.leave();
  });
});
