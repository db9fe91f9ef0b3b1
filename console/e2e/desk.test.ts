import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { Carrier } from './house/carrier.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

let browser: Browser;
let carrier: Carrier;
let server: Server;
let web: Web;
const people: Person[] = [];

async function come(...[name, looks]: [string, Parameters<typeof Person.signedIn>[3]?]): Promise<Person> {
  const person = await Person.signedIn(browser, web.url, name, looks);
  people.push(person);
  return person;
}

let customers = 0;
const customer = () => `+86138000${String(20_000 + ++customers)}`;

beforeAll(async () => {
  carrier = await Carrier.open();
  server = await Server.start({ carrier: carrier.at });
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
  expect(complaints, 'what the browser complained of').toEqual([]);
});

describe('signing in', () => {
  it('refuses a wrong password in words, and leads to the list with the right one', async () => {
    const person = await Person.come(browser, web.url);
    people.push(person);
    const { page } = person;
    await page.goto('/');
    await person.picture('sign-in-en-light');
    await page.getByLabel('Name').fill('mia');
    await page.locator('input[name=password]').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('No user has this name and password').waitFor();
    await person.signIn('mia');
    await page.getByRole('heading', { name: 'Missed-call list' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/list');
    await page.getByRole('button', { name: 'State: Available' }).waitFor();
  });
});

describe('a new request', () => {
  it('stands on the list within 200 ms of the answer, with toast, badge and title', async () => {
    const mia = await come('mia');
    await mia.page.getByText('Nobody is waiting for a call').waitFor();
    // A machine that does other things at the same time makes some of them late; none of them early.
    const took: number[] = [];
    let entry = '';
    for (let n = 1; n <= 5 && Math.min(...took) >= 200; n += 1) {
      const seen = mia.page.evaluate(
        rows =>
          new Promise<number>(resolve => {
            const look = new MutationObserver(() => {
              if (document.querySelectorAll('[data-row]').length === rows) resolve(Date.now());
            });
            look.observe(document.body, { childList: true, subtree: true });
          }),
        n,
      );
      entry = await server.request(customer());
      const answered = Date.now();
      took.push((await seen) - answered);
    }
    console.log(`a request was seen after ${took.join(', ')} ms`);
    expect(Math.min(...took)).toBeLessThan(200);
    const number = `+86 138 0002 000${took.length}`;
    await mia.row(entry).getByText(number).waitFor();
    await mia.page.getByRole('alert').getByText(`Callback request: ${number}`).waitFor();
    await expect
      .poll(() => mia.page.title(), { timeout: 10_000 })
      .toBe(`(${took.length}) Missed-call list · Nohold`);
    await mia.picture('desk-one-request');
  });
});

describe('a claim', () => {
  it('has one winner of two, and the other hears who was quicker and what is next', async () => {
    const [first, second] = [await server.request(customer()), await server.request(customer())];
    const mia = await come('mia');
    const priya = await come('priya');
    for (const person of [mia, priya]) {
      await person.row(first).focus();
    }
    await Promise.all([mia.page.keyboard.press('k'), priya.page.keyboard.press('k')]);
    const lost = async (person: Person) => {
      await person.page.getByText(/took this request first/).waitFor();
      return person;
    };
    const loser = await Promise.any([lost(mia), lost(priya)]);
    const winner = loser === mia ? priya : mia;
    await winner
      .row(first)
      .getByText(/^Mine, \d:\d\d/)
      .waitFor();
    await loser.row(first).getByText('claimed').waitFor();
    expect(
      await loser
        .row(first)
        .getByRole('button', { name: /^Call back/ })
        .count(),
    ).toBe(0);
    expect(
      await loser
        .row(second)
        .getByRole('button', { name: /^Call back/ })
        .count(),
    ).toBe(1);
    await winner.picture('claim-won');
    await loser.picture('claim-lost');
    // Undo gives it back, and both see that.
    await winner.page.getByRole('button', { name: 'Undo' }).click();
    await loser
      .row(first)
      .getByRole('button', { name: /^Call back/ })
      .waitFor();
  });
});

describe('the filters', () => {
  it('stand in the address and come back with it', async () => {
    const number = customer();
    const entry = await server.request(number);
    const mia = await come('mia', { path: `/list?q=${number.slice(-4)}` });
    await mia.row(entry).waitFor();
    expect(await mia.page.locator('[data-row]').count()).toBe(1);
    await mia.page.getByRole('button', { name: 'Reason' }).click();
    await mia.page.getByRole('menuitem', { name: 'Left a message' }).click();
    await mia.page.getByRole('heading', { name: 'No entry fits these filters' }).waitFor();
    expect(mia.page.url()).toContain('reason=message');
    await mia.page.reload();
    await mia.page.getByRole('heading', { name: 'No entry fits these filters' }).waitFor();
    await mia.page.getByRole('button', { name: 'Clear filters' }).click();
    await mia.row(entry).waitFor();
  });
});

describe('a missed call', () => {
  it('changes the list and tells nobody', async () => {
    const mia = await come('mia');
    await mia.page.locator('[data-row]').first().waitFor();
    for (const agent of ['2014', '2011', '2001'])
      await server.ask('POST', `/api/agents/${agent}`, { action: 'not_ready' });
    const before = await mia.page.locator('[data-notice=request]').count();
    await carrier.callsAndHangsUp(server.sip, customer(), '+862161230001', 6_000);
    await mia.page.getByText('Left queue 600').first().waitFor();
    await mia.page.getByText('Missed calls', { exact: true }).first().waitFor();
    expect(await mia.page.locator('[data-notice=request]').count()).toBeLessThanOrEqual(before);
    for (const agent of ['2014', '2011', '2001'])
      await server.ask('POST', `/api/agents/${agent}`, { action: 'available' });
  });
});

describe('the connection', () => {
  it('comes back by itself after a cut and after the server was killed, with what happened meanwhile', async () => {
    const mia = await come('mia');
    web.cut();
    await mia.page.locator('[data-state=reconnecting]').waitFor();
    await mia.page.locator('[data-state=connected]').waitFor();
    await server.kill();
    // Whether calls go on is not known to a page that hears none.
    await mia.page
      .locator('[data-state=reconnecting]')
      .getByText(/^Reconnecting \d+:\d\d$/)
      .waitFor();
    await mia.picture('reconnecting');
    await server.start();
    const entry = await server.request(customer());
    await mia.page.locator('[data-state=connected]').waitFor({ timeout: 30_000 });
    await mia.row(entry).waitFor();
  });
});

describe('a session that ends', () => {
  it('says so in place and keeps what was typed', async () => {
    const entry = await server.request(customer());
    const mia = await come('mia', { path: `/list/${entry}` });
    await mia.page.getByRole('button', { name: 'Close' }).click();
    await mia.page.getByLabel('Note').fill('She wants to talk about the invoice');
    await server.ask('PUT', '/api/users/mia/password', { password: 'a password of the tests' });
    const dialog = mia.page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    await mia.picture('session-ended');
    await dialog.locator('input[name=password]').fill('a password of the tests');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(await mia.page.getByLabel('Note').inputValue()).toBe('She wants to talk about the invoice');
    await mia.page.getByRole('button', { name: 'Close entry' }).click();
    await mia.page.getByText('She wants to talk about the invoice').first().waitFor();
    await mia.picture('entry-closed');
  });
});
