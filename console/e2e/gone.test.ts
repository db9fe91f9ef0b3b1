import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { waitHeard } from './house/ear.ts';
import { FarHouse, accepts, shows } from './house/far-house.ts';
import { axe, cutOff } from './house/look-at.ts';
import { PASSWORD } from './house/server.ts';

/** What becomes of a customer whose agent is gone in the middle of the call. */

const MIA = 440;
const CUSTOMER = 1_000;

interface Shown {
  id: string;
  section: string;
  number: string;
  state: { name: string; agent?: string };
}

let house: FarHouse;

beforeAll(async () => {
  house = await FarHouse.open();
});

afterAll(async () => {
  await house?.close();
});

afterEach(async ({ task }) => {
  const failed = task.result?.state === 'fail' ? task.name : undefined;
  expect(await house.empty(failed), 'what the browsers complained of').toEqual([]);
});

const passes = (seconds: number) => new Promise(resolve => setTimeout(resolve, seconds * 1_000));

/** The browser dies where it stands, and says goodbye to nobody. */
async function dies({ page }: Person): Promise<void> {
  const browser = page.context().browser();
  if (browser === null) throw new Error('there is no browser');
  const over = new Promise(resolve => browser.once('disconnected', resolve));
  const crash = await browser.newBrowserCDPSession();
  // Nobody is left to answer.
  await crash.send('Browser.crash').catch(() => {});
  await over;
}

it('gives a request back whose customer hangs up on a page that died', async () => {
  await house.does('2011', 'sign_out');
  const number = '+8613800140001';
  const request = await house.server.request(number);
  const mia = await house.comes('mia', MIA);
  await mia
    .row(request)
    .getByRole('button', { name: /^Call back/ })
    .click();
  const called = await house.carrier.rings();
  await called.answer();
  await called.tone(CUSTOMER);
  await called.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await dies(mia);
  await passes(4);
  await called.hangUp();
  const state = async () =>
    (await house.server.ask<{ entry: Shown }>('GET', `/api/entries/${request}`)).entry.state.name;
  await expect.poll(state, { timeout: 3_000 }).toBe('waiting');
});

it('lists a caller as cut off who hangs up on a page that died', async () => {
  await house.does('2011', 'sign_out');
  const number = '+8613800140002';
  const mia = await house.comes('mia', MIA);
  const caller = await house.calls(number);
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await caller.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await dies(mia);
  await passes(7);
  await caller.hangUp();
  const listed = async () => {
    const { items } = await house.server.ask<{ items: Shown[] }>('GET', '/api/entries');
    return items.filter(one => one.number === number).map(one => [one.section, one.state.name]);
  };
  await expect.poll(listed, { timeout: 3_000 }).toEqual([['cut_off', 'waiting']]);
});

it('keeps a call whose sign-in has ended until the agent has signed in again', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  const caller = await house.calls('+8613800140003');
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await caller.hears(MIA);
  await waitHeard(mia.page, CUSTOMER);
  await house.server.ask('PUT', '/api/users/mia/password', { password: PASSWORD });
  const dialog = mia.page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await caller.hearsSilence();
  await passes(5);
  expect(caller.isOver()).toBe(false);
  await dialog.locator('input[name=password]').fill(PASSWORD);
  await dialog.locator('form button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  await shows(mia, 'talking');
  await waitHeard(mia.page, CUSTOMER);
  await caller.hears(MIA);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
});

it('says to whoever is disabled in a call that the customer is back in line and that no sign-in helps', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const caller = await house.calls('+8613800140004');
  await caller.tone(CUSTOMER);
  await accepts(mia);
  await caller.hears(MIA);
  await waitHeard(page, CUSTOMER);
  const user = { role: 'agent', agent: '2014' };
  await house.server.ask('PUT', '/api/users/mia', { ...user, disabled: true });
  const dialog = page.getByRole('dialog', { name: 'You are not allowed in any more' });
  await dialog.getByText('mia is disabled or removed. Ask an administrator.', { exact: false }).waitFor();
  const said = page.locator('aside [data-warns]').first();
  await expect.poll(() => said.innerText()).toContain('A caller it had is back in line or on the list.');
  expect(await said.innerText()).not.toContain('30 seconds');
  expect(await page.getByText('It is tried again.').count()).toBe(0);
  await mia.picture('barred');
  expect.soft([await axe(page), await cutOff(page)]).toEqual([[], []]);
  // An administrator lets them in again, and they go on where they were.
  await house.server.ask('PUT', '/api/users/mia', { ...user, disabled: false });
  await dialog.getByRole('button', { name: 'Sign in again' }).click();
  await dialog.locator('input[name=password]').fill(PASSWORD);
  await dialog.locator('form button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
  await caller.hangUp();
});

it('takes nobody out of rotation to whom a caller comes while their page is loaded anew', async () => {
  await house.does('2011', 'sign_out');
  const mia = await house.comes('mia', MIA);
  for (const [n, millis] of [0, 60, 150, 350].entries()) {
    await shows(mia, 'idle', 30_000);
    await mia.page.locator('header button[data-state=available]').waitFor();
    const loaded = mia.page.reload();
    await passes(millis / 1_000);
    const caller = await house.calls(`+861380014001${n}`);
    await loaded;
    await shows(mia, 'ringing', 20_000);
    await caller.hangUp();
    await caller.ended();
  }
});

it('says to whoever comes back that work has ended, and why, until they begin again', async () => {
  await dies(await house.comes('mia', MIA));
  const state = async () => {
    const told = await house.server.ask<{ items: { key: string; state: string }[] }>('GET', '/api/agents');
    return told.items.find(agent => agent.key === '2014')?.state;
  };
  await expect.poll(state, { timeout: 45_000 }).toBe('not_signed_in');
  const browser = await openBrowser();
  for (const [language, word, why, begin] of [
    ['zh', '页面曾断开', '页面断开超过 30 秒', '签入'],
    ['en', 'page was away', 'your page was away for longer than 30 seconds', 'Start work'],
  ] as const) {
    const mia = await Person.signedIn(browser, house.web.url, 'mia', { language });
    const button = mia.page.locator('header button[data-state=not_signed_in]');
    await button.getByText(word).waitFor();
    await button.click();
    await mia.page.getByText(why).waitFor();
    await mia.picture(`page-was-away-${language}`);
    expect(await axe(mia.page)).toEqual([]);
    expect(await cutOff(mia.page)).toEqual([]);
    if (language === 'en') {
      await mia.page.getByRole('menuitem', { name: begin }).click();
      await mia.page.locator('header button[data-state=available]').waitFor();
      expect(await mia.page.getByText(word).count()).toBe(0);
    }
    await mia.leave();
  }
  await browser.close();
});
