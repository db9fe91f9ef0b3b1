import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

const ROWS = 10_000;
/** The list of a busy day. */
const DAY = 1_000;
/** It stands so soon after somebody has come to the page, in milliseconds. */
const SOON = 1_000;
/** Five visits tell; on a machine that is busy just now, five of these. */
const MOST_VISITS = 25;
/** So many requests are made at once. */
const AT_ONCE = 100;
/** No picture may be more work, in milliseconds. */
const LONGEST_FRAME = 100;

let browser: Browser;
let server: Server;
let web: Web;

const pause = (length: number) => new Promise(resolve => setTimeout(resolve, length));

let made = 0;

/** Lets so many customers ask, all in all. */
async function make(all: number): Promise<void> {
  const work = async () => {
    while (made < all) await server.request(`+86138${String(10_000_000 + ++made)}`);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

beforeAll(async () => {
  server = await Server.start();
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  await make(DAY);
}, 400_000);

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
});

/**
 * How much work each picture was while somebody scrolled, slow as a wheel, fast as a thumb on the bar, and back: milliseconds
 * of the page's own thread. So other programs on the machine disturb nothing.
 */
async function scrollThrough(page: Page): Promise<number[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spent = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(metric => metric.name === 'TaskDuration')?.value ?? 0) * 1_000;
  };
  const took: number[] = [];
  for (let step = 0; step < 160; step += 1) {
    const by = step % 16 === 0 ? 40_000 : step > 130 ? -900 : 600;
    const before = await spent();
    await page.evaluate(async by => {
      const scroller = document.querySelector('[data-scroller]') as HTMLElement;
      scroller.scrollTop += by;
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
    }, by);
    took.push((await spent()) - before);
  }
  await session.detach();
  return took;
}

it('shows a thousand entries within a second of coming to the page', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia');
  const { page } = mia;
  await page.addInitScript(() => {
    const look = new MutationObserver(() => {
      if (document.querySelector('[data-row]') === null) return;
      look.disconnect();
      // The picture after the next one has it.
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('list')));
    });
    look.observe(document, { childList: true, subtree: true });
  });
  // A machine that does other things at the same time makes some of them late; none of them early.
  const took: number[] = [];
  const median = () => took.slice(-5).sort((one, other) => one - other)[2] ?? Infinity;
  while (took.length < 5 || (median() >= SOON && took.length < MOST_VISITS)) {
    await page.reload();
    await page.getByRole('grid', { name: `${DAY} rows` }).waitFor();
    const marked = await page.waitForFunction(() => performance.getEntriesByName('list')[0]?.startTime);
    took.push((await marked.jsonValue()) ?? Infinity);
  }
  console.log(`the list stood after ${took.map(Math.round).join(', ')} ms`);
  expect(median()).toBeLessThan(SOON);
  await mia.leave();
});

it('shows ten thousand rows, and scrolls through them without a picture that is more work than a tenth of a second', async () => {
  await make(ROWS);
  const mia = await Person.signedIn(browser, web.url, 'mia');
  const { page } = mia;
  await page.getByRole('grid', { name: `${ROWS} rows` }).waitFor({ timeout: 120_000 });
  const frames = (await scrollThrough(page)).sort((one, other) => other - one);
  const shown = frames.map(Math.round);
  console.log(
    `work for a picture: ${shown.slice(0, 5).join(', ')} ms at most, ${shown[shown.length >> 1]} ms mostly`,
  );
  expect(Math.max(...frames)).toBeGreaterThan(1);
  expect(Math.max(...frames)).toBeLessThan(LONGEST_FRAME);
  // The page holds what is seen and some more, not ten thousand rows.
  expect(await page.locator('[data-row]').count()).toBeLessThan(60);
  await mia.picture('ten-thousand-rows');
  expect(mia.complaints).toEqual([]);
  await mia.leave();
}, 400_000);

it('finds one of them while somebody types', async () => {
  const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/list?q=10009999' });
  await mia.page.getByText('+86 138 1000 9999').waitFor({ timeout: 120_000 });
  expect(await mia.page.locator('[data-row]').count()).toBe(1);
  await mia.leave();
});

it('finds one of them by name with a question or two', async () => {
  const contact = { name: 'Elena Marsh', numbers: ['+8613810009998'] };
  await server.ask('POST', '/api/contacts', contact);
  const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/list?q=nobody' });
  // The list is there, and nobody fits.
  await mia.page.getByRole('heading', { name: 'No entry fits these filters' }).waitFor({ timeout: 120_000 });
  const asked: string[] = [];
  mia.page.on('request', request => {
    if (/\/api\/(contacts|entries\/names)\b/.test(request.url())) asked.push(request.url());
  });
  await mia.page.getByLabel('Name or number').first().fill('elena');
  await mia.page.locator('[data-row]').getByText('Elena Marsh').waitFor();
  expect(await mia.page.locator('[data-row]').count()).toBe(1);
  // Who fits, and what the one in sight is called.
  expect(asked.length, asked.join('\n')).toBeLessThanOrEqual(2);
  // Nobody has come meanwhile, and whoever types on looks among those who were found.
  await mia.page.getByLabel('Name or number').first().fill('elena ma');
  await pause(1_500);
  expect(await mia.page.locator('[data-row]').count()).toBe(1);
  expect(asked.length, asked.join('\n')).toBeLessThanOrEqual(2);
  await mia.leave();
});

it('finds closed ones among many by number and by name, and says where nobody fits', async () => {
  const open = await server.ask<{ items: { id: string; number: string }[] }>('GET', '/api/entries?limit=200');
  const close = async (id: string) => {
    await server.ask('POST', `/api/entries/${id}/outcome`, { outcome: 'close' });
  };
  await Promise.all(open.items.map(entry => close(entry.id)));
  const first = open.items[0]?.number ?? '';
  await server.ask('POST', '/api/contacts', { name: 'Grete Holm', numbers: [first] });
  const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/list?tab=done' });
  const { page } = mia;
  const [rows, search] = [page.locator('[data-row]'), page.getByLabel('Name or number').first()];
  await page.getByRole('button', { name: 'Load more' }).waitFor();
  expect(await rows.count()).toBe(50);
  const told = page.locator('main [role=status]').first();
  expect(await told.innerText(), 'nobody is told of rows who looks for none').toBe('');
  for (const text of [first.slice(-8), 'grete']) {
    await search.fill(text);
    await expect.poll(() => rows.count(), { message: text }).toBe(1);
    await rows.getByText('Grete Holm').waitFor();
    await expect.poll(() => told.innerText()).toBe('1 row found');
  }
  await mia.picture('closed-found');
  await search.fill('nobody at all');
  await page.getByRole('heading', { name: 'No entry fits these filters' }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(() => rows.count()).toBe(50);
  expect(new URL(page.url()).searchParams.get('tab')).toBe('done');
  expect(mia.complaints).toEqual([]);
  await mia.leave();
});
