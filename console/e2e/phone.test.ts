import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Person, openSoftphone } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import { atPhone } from './house/far-house.ts';
import { axe, cutOff } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

const MIA = 440;
const PRIYA = 700;

let browsers: Browser[] = [];
let server: Server;
let web: Web;

beforeAll(async () => {
  server = await Server.start();
  web = await Web.start(() => server.http);
  browsers = [await openSoftphone(MIA), await openSoftphone(PRIYA)];
});

afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await web?.stop();
  await server?.stop();
});

async function comes(browser: Browser | undefined, name: string): Promise<Person> {
  if (browser === undefined) throw new Error('there is no browser');
  return atPhone(await Person.come(browser, web.url), name);
}

// A button rests for a moment after each change of the block, which the page says by `data-rests`.
it('carries a call between two pages, through mute and a reload, to its end', async () => {
  const mia = await comes(browsers[0], 'mia');
  const priya = await comes(browsers[1], 'priya');
  const [at, there] = [mia.page, priya.page];
  await mia.picture('phone-idle');
  expect(await axe(at)).toEqual([]);

  await at.getByLabel('Number or extension').fill('2011');
  await at.getByRole('button', { name: 'Call', exact: true }).click();
  await there.locator('[data-call=ringing]').waitFor();
  await priya.picture('phone-ringing');
  expect([await axe(there), await cutOff(there)]).toEqual([[], []]);
  await there.locator('[data-rests]').waitFor({ state: 'detached' });
  await there.getByRole('button', { name: /^Accept/ }).click();
  await at.locator('[data-call=talking]').waitFor();
  await there.locator('[data-call=talking]').waitFor();
  await waitHeard(at, PRIYA);
  await waitHeard(there, MIA);
  await mia.picture('phone-talking');
  expect([await axe(at), await cutOff(at)]).toEqual([[], []]);

  await at.getByRole('button', { name: 'Mute', exact: true }).click();
  await waitHeard(there, 'silence');
  await at.getByRole('button', { name: 'Unmute', exact: true }).click();
  await waitHeard(there, MIA);

  await at.reload();
  await at.locator('[data-call=talking]').waitFor({ timeout: 30_000 });
  await waitHeard(at, PRIYA);
  await waitHeard(there, MIA);

  await at.locator('[data-rests]').waitFor({ state: 'detached' });
  await at.getByRole('button', { name: 'Hang up' }).click();
  await at.locator('[data-call=idle]').waitFor();
  await there.locator('[data-call=idle]').waitFor();
  expect([mia.complaints, priya.complaints]).toEqual([[], []]);
});
