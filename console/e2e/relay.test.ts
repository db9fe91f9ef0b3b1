import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Person, openSoftphone } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import { atPhone } from './house/far-house.ts';
import { Relay, holdToRelays, way } from './house/relay.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

const MIA = 440;
const PRIYA = 700;

let relay: Relay;
let browsers: Browser[] = [];
let server: Server;
let web: Web;

beforeAll(async () => {
  relay = await Relay.start();
  server = await Server.start({ flags: relay.flags });
  web = await Web.start(() => server.http);
  browsers = [await openSoftphone(MIA), await openSoftphone(PRIYA)];
});

afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await web?.stop();
  await server?.stop();
  await relay?.stop();
});

async function behindAFirewall(browser: Browser | undefined, name: string): Promise<Person> {
  if (browser === undefined) throw new Error('there is no browser');
  const person = await Person.come(browser, web.url);
  await holdToRelays(person.page);
  return atPhone(person, name);
}

it('carries a call of pages that no UDP gets out of through a TURN server, by TCP', async () => {
  const mia = await behindAFirewall(browsers[0], 'mia');
  const priya = await behindAFirewall(browsers[1], 'priya');
  const [at, there] = [mia.page, priya.page];
  await at.getByLabel('Number or extension').fill('2011');
  await at.getByRole('button', { name: 'Call', exact: true }).click();
  await there.locator('[data-call=ringing]').waitFor();
  await there.locator('[data-rests]').waitFor({ state: 'detached' });
  await there.getByRole('button', { name: /^Accept/ }).click();
  await at.locator('[data-call=talking]').waitFor();
  await waitHeard(at, PRIYA);
  await waitHeard(there, MIA);
  expect([await way(at), await way(there)]).toEqual([
    ['relay', 'tcp'],
    ['relay', 'tcp'],
  ]);
  await at.getByRole('button', { name: 'Hang up' }).click();
  await there.locator('[data-call=idle]').waitFor();
});
