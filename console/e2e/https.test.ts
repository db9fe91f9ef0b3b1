import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Person, openSoftphone } from './house/browser.ts';
import { giveEars } from './house/ear.ts';
import { Server } from './house/server.ts';

/** A name that is this machine, and that a browser does not know to be. */
const NAME = 'nohold.test';

let browser: Browser;
let server: Server;

beforeAll(async () => {
  server = await Server.start();
  browser = await openSoftphone(440, [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Where the server itself hands out the page, by this scheme. */
const by = (scheme: 'http' | 'https') => `${scheme}://${NAME}:${new URL(server.http).port}`;

const microphone = (person: Person) =>
  person.page.evaluate(() => [window.isSecureContext, navigator.mediaDevices !== undefined]);

it('gives an agent elsewhere a phone by HTTPS, with the certificate that the server has made', async () => {
  const mia = await Person.come(browser, by('https'));
  await giveEars(mia.page);
  await mia.page.goto('/');
  expect(await microphone(mia)).toEqual([true, true]);
  await mia.signIn('mia');
  await mia.page.locator('aside [data-call]').waitFor();
  await mia.page.locator('aside [role=status]').waitFor({ state: 'detached', timeout: 30_000 });
  const session = (await mia.context.cookies()).find(cookie => cookie.name === 'nohold_session');
  expect(session).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Strict' });
  expect(mia.complaints).toEqual([]);
  await mia.picture('https-phone');
  await mia.leave();
});

it('has no microphone where the page came in the clear by a name', async () => {
  const mia = await Person.come(browser, by('http'));
  await mia.page.goto('/');
  expect(await microphone(mia)).toEqual([false, false]);
  await mia.leave();
});
