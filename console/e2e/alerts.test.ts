import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { Carrier } from './house/carrier.ts';
import { type Stop, axe, stops } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

const AGENTS = ['2014', '2011', '2001'];

let browser: Browser;
let carrier: Carrier;
let server: Server;
let web: Web;
const people: Person[] = [];

beforeAll(async () => {
  const site = '[site]\nremind_again_after = "10s"\nescalate_after = "13s"';
  carrier = await Carrier.open();
  server = await Server.start({ carrier: carrier.at, instead: { '[site]': site } });
  web = await Web.start(() => server.http);
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
  await carrier?.close();
});

afterEach(async () => {
  const complaints = people.flatMap(person => person.complaints);
  for (const person of people.splice(0)) await person.leave();
  // Nothing of one test reminds anybody in the next.
  const { items } = await server.ask<{ items: { id: string }[] }>('GET', '/api/entries');
  for (const { id } of items)
    await server.ask('POST', `/api/entries/${id}/outcome`, { outcome: 'close', reason: 'cancelled' });
  expect(complaints, 'what the browser complained of').toEqual([]);
});

let customers = 0;
const customer = () => `+86138000${String(60_000 + ++customers)}`;

async function come(...[name, looks]: [string, Parameters<typeof Person.signedIn>[3]?]): Promise<Person> {
  const person = await Person.signedIn(browser, web.url, name, looks);
  people.push(person);
  return person;
}

interface Told {
  /** The titles of what stood on the desktop. */
  shown: string[];
  /** Notes that were played. */
  notes: number;
}

/** Writes down what the page, in the background, tells the desktop and the loudspeaker. To be called before it is opened. */
async function listenIn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: Told = { shown: [], notes: 0 };
    Object.assign(window, { told });
    class Shown extends EventTarget {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      onclick: (() => void) | null = null;
      constructor(title: string) {
        super();
        told.shown.push(title);
      }
      close(): void {}
    }
    Object.assign(window, { Notification: Shown });
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    const { start } = OscillatorNode.prototype;
    OscillatorNode.prototype.start = function (at) {
      told.notes += 1;
      start.call(this, at);
    };
  });
}

const told = (page: Page) => page.evaluate(() => (window as unknown as { told: Told }).told);

describe('a page in the background', () => {
  it('tells of a request by sound and on the desktop, and of a missed call by neither', async () => {
    const person = await Person.come(browser, web.url);
    people.push(person);
    const { page } = person;
    await listenIn(page);
    await page.goto('/');
    await person.signIn('mia');
    for (const agent of AGENTS) await server.ask('POST', `/api/agents/${agent}`, { action: 'not_ready' });
    await carrier.callsAndHangsUp(server.sip, customer(), '+862161230001', 6_000);
    await page.getByText('Left queue 600').first().waitFor();
    expect(await told(page)).toEqual({ shown: [], notes: 0 });
    await server.request(customer());
    await expect
      .poll(() => told(page), { timeout: 10_000 })
      .toEqual({ shown: [expect.stringMatching(/^Callback request: \+86 138 0006/)], notes: 2 });
    for (const agent of AGENTS) await server.ask('POST', `/api/agents/${agent}`, { action: 'available' });
  });
});

describe('a request that arrives while somebody types', () => {
  it('leaves the focus and the words where they are', async () => {
    const { page } = await come('mia');
    const field = page.getByPlaceholder('Name or number').first();
    await field.focus();
    await page.keyboard.type('138');
    await server.request(customer());
    await page.locator('[data-notice=request]').waitFor();
    await page.keyboard.type('0006');
    await server.request(customer());
    await page.locator('[data-notice=request]').nth(1).waitFor();
    await page.keyboard.type('0');
    expect(await field.inputValue()).toBe('13800060');
    expect(await field.evaluate(one => one === document.activeElement)).toBe(true);
  });
});

describe('a request that nobody claims', () => {
  it('is told to its group again, then to the supervisor, until somebody claims it', async () => {
    const mia = await come('mia');
    const adam = await come('adam');
    const entry = await server.request(customer());
    const said = ({ page }: Person, words: string) =>
      page.locator('[data-notice=request]').filter({ hasText: words });
    await said(mia, 'Still unclaimed: +86').waitFor({ timeout: 25_000 });
    await said(adam, 'Nobody has claimed it: +86').waitFor({ timeout: 25_000 });
    expect(await said(mia, 'Nobody has claimed it').count()).toBe(0);
    const bell = ({ page }: Person) => page.locator('header').getByRole('button', { name: /^Alerts: [1-9]/ });
    await bell(adam).click();
    await adam.page.getByRole('dialog').getByText('Nobody has claimed it: +86').waitFor();
    await adam.page.keyboard.press('Escape');

    await mia.row(entry).focus();
    await mia.page.keyboard.press('k');
    await mia.row(entry).getByText(/^Mine/).waitFor();
    for (const person of [mia, adam]) {
      await person.page.locator('[data-notice=request]').first().waitFor({ state: 'detached' });
      await person.page.locator('header').getByRole('button', { name: 'No alerts' }).waitFor();
    }
    await mia.row(entry).getByRole('link').click();
    await mia.page.getByRole('heading', { level: 1 }).waitFor();
    await mia.page.locator('dd').getByText('Operator of this server', { exact: true }).waitFor();
  });
});

/** Whether the eye comes to this stop after that one: further down, or in the same line further on. */
const isAfter = (one: Stop, next: Stop) =>
  next.top >= one.bottom - 4 || (next.bottom > one.top && next.left >= one.left && next.top >= one.top - 40);

describe('on a phone', () => {
  it('the menu of the account leads where the bar has no room to', async () => {
    const { page } = await come('mia', { width: 390, height: 844 });
    for (const [word, path] of [
      ['Today', '/today'],
      ['Calls', '/history'],
    ] as const) {
      await page.getByRole('button', { name: /^Account:/ }).click();
      await page.getByRole('menuitem', { name: word }).click();
      await page.waitForURL(`**${path}`);
      await page.getByRole('menu').waitFor({ state: 'detached' });
    }
  });
});

describe('the keyboard', () => {
  it('goes through the list as one reads it', async () => {
    for (let n = 0; n < 3; n += 1) await server.request(customer());
    const { page } = await come('mia');
    // Whoever has just signed in begins at what the page is about; whoever comes to it begins at its head.
    await page.goto('/list');
    await page.locator('[data-row]').nth(2).waitFor();
    for (const width of [1_360, 820]) {
      await page.setViewportSize({ width, height: 900 });
      const all = await stops(page);
      const parts = all.map(({ part }) => part).filter((part, n, every) => part !== every[n - 1]);
      expect(parts).toEqual(['body', 'header', 'nav', 'main', ...(width > 1_000 ? ['aside'] : [])]);
      expect(all.filter(({ part }) => part === 'main').length).toBeGreaterThan(5);
      const back = all.filter((stop, n) => {
        const before = all[n - 1];
        return before !== undefined && before.part === stop.part && !isAfter(before, stop);
      });
      expect(back.map(({ told }) => told)).toEqual([]);
    }
  });
});

describe('with the colours of the system and with movement', () => {
  it('nothing stands in the way', async () => {
    const entry = await server.request(customer());
    const { page } = await come('mia', { still: false });
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'no-preference' });
    await page.locator(`[data-row="${entry}"]`).waitFor();
    await page.evaluate(() => Promise.all(document.getAnimations().map(one => one.finished.catch(() => {}))));
    expect.soft(await axe(page), 'list').toEqual([]);
    for (const path of [`/list/${entry}`, '/settings']) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      expect.soft(await axe(page), path).toEqual([]);
    }
  });
});
