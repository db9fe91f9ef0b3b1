import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { axe } from './house/look-at.ts';
import { PASSWORD, Server } from './house/server.ts';
import { Web } from './house/web.ts';

let browser: Browser;
let server: Server;
let web: Web;
let entry = '';
const people: Person[] = [];

beforeAll(async () => {
  server = await Server.start({
    instead: { '[agents.2014]\n': '[agents.2014]\noutside = { number = "+8613900009999" }\n' },
  });
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  entry = await server.request('+8613800005001');
  await server.request('+8613800005002');
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
});

afterEach(async () => {
  for (const person of people.splice(0)) await person.leave();
});

async function come(name: string, path = '/list'): Promise<Person> {
  const person = await Person.signedIn(browser, web.url, name, { path });
  people.push(person);
  return person;
}

/** What has the focus: the row, else the words of what it is. */
const focused = ({ page }: Person) =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLElement | null;
    if (at === null || at === document.body) return 'nothing';
    return at.dataset.row ?? `${at.tagName} ${at.getAttribute('aria-label') ?? at.innerText}`;
  });

const has = (person: Person, what: string | RegExp) =>
  expect
    .poll(() => focused(person), { timeout: 5_000 })
    .toEqual(typeof what === 'string' ? what : expect.stringMatching(what));

const dialog = ({ page }: Person) => page.getByRole('dialog');

async function escapes(person: Person): Promise<void> {
  await dialog(person).waitFor();
  await has(person, /^(INPUT|BUTTON|SECTION|TEXTAREA)/);
  await person.page.keyboard.press('Escape');
  // A list that was open in it closes first.
  const list = person.page.getByRole('listbox');
  if (await dialog(person).isVisible()) await list.waitFor({ state: 'hidden' });
  if (await dialog(person).isVisible()) await person.page.keyboard.press('Escape');
  await dialog(person).waitFor({ state: 'detached' });
}

it('has the focus where it was after every dialog on the list', async () => {
  const root = await come('root');
  const { page } = root;
  const row = root.row(entry);
  for (const keys of ['p', 'Control+k', '?']) {
    await row.focus();
    await page.keyboard.press(keys);
    await escapes(root);
    await has(root, entry);
  }
  for (const what of ['Postpone', 'Close', 'Assign', 'Block number']) {
    const more = row.getByRole('button', { name: /^More for/ });
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu', { name: /^More for/ }).waitFor();
    expect(await axe(page), 'with the menu of a row open').toEqual([]);
    await page.getByRole('menuitem', { name: what, exact: true }).focus();
    await page.keyboard.press('Enter');
    await escapes(root);
    await has(root, /^BUTTON More for/);
  }
});

it('lands on the heading of an entry, and on its row on the way back', async () => {
  const root = await come('root');
  const { page } = root;
  await root.row(entry).focus();
  await page.keyboard.press('Enter');
  await has(root, /^H1 \+86 138 0000 5001/);
  for (const what of ['Postpone', 'Close', 'Assign', 'Block number']) {
    await page.getByRole('button', { name: what, exact: true }).focus();
    await page.keyboard.press('Enter');
    await escapes(root);
    await has(root, new RegExp(`^BUTTON ${what}`));
  }
  await page.keyboard.press('Alt+l');
  await has(root, entry);
  await page.keyboard.press('Alt+l');
  await has(root, /^H1 /);
  await page.goBack();
  await has(root, entry);
});

it('keeps the focus on the switch that is pressed', async () => {
  const mia = await come('mia', '/settings');
  const outside = mia.page.getByRole('switch', { name: 'Work at my number +86 139 0000 9999' });
  const before = await outside.isChecked();
  await outside.focus();
  await has(mia, /^INPUT/);
  for (const on of [!before, before]) {
    await mia.page.keyboard.press('Space');
    await expect.poll(() => outside.isChecked()).toBe(on);
    await has(mia, /^INPUT/);
  }
});

it('goes on where it was after the session has ended', async () => {
  const mia = await come('mia');
  await mia.row(entry).focus();
  await mia.context.clearCookies();
  await mia.page.keyboard.press('k');
  await dialog(mia).waitFor();
  await mia.page.locator('input[name=password]').fill(PASSWORD);
  await mia.page.keyboard.press('Enter');
  await dialog(mia).waitFor({ state: 'detached' });
  await has(mia, entry);
});

it.each(['/nowhere', '/list/cbr_00000000000000000000000000', '/contacts/con_00000000000000000000000000'])(
  'says in a heading that %s is not there',
  async path => {
    const mia = await come('mia', path);
    await mia.page.getByRole('heading', { level: 1, name: /not|no / }).waitFor();
    expect(await axe(mia.page)).toEqual([]);
  },
);
