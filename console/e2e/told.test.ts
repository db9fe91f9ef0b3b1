import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { FarHouse, accepts, button, hands, presses, shows } from './house/far-house.ts';
import { look } from './house/states.ts';

const MIA = 440;
const PRIYA = 700;
const CUSTOMER = 1_000;

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

it('writes nothing to the customer of before while another one is dialled, and says that they are busy', async () => {
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const field = page.locator('aside textarea');
  const caller = await house.calls('+8613800161001');
  await accepts(mia);
  await field.fill('The first one');
  await caller.hangUp();
  await button(mia, 'Later').click();
  await page.locator('aside [data-open-notes] button').first().click();
  expect(await field.inputValue()).toBe('The first one');

  const target = { service: 'support', group: 'support-a' };
  await house.server.ask('POST', '/api/requests', { number: '+8613800161002', target });
  const row = page.locator('[data-row]').filter({ hasText: '1002' }).first();
  await row.getByRole('button', { name: /^Call back/ }).click();
  await page.getByText('+86 138 0016 1002 is called.').waitFor();
  const called = await house.carrier.rings();
  await shows(mia, 'calling');
  expect(await field.count()).toBe(0);
  await page.keyboard.type('for the second one');
  await look(mia, 'dialling-back', 'briefly');
  await called.decline(486);
  await page.getByText('+86 138 0016 1002 was not reached: busy.').waitFor();
  await mia.picture('told-busy');
  await shows(mia, 'idle');
  expect(await field.inputValue()).toBe('The first one');
});

it('dials until the far side has answered, and says when it does not', async () => {
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const dials = async (number: string) => {
    await page.getByLabel('Number or extension').fill(number);
    await button(mia, 'Call').click();
    return house.carrier.rings();
  };
  const called = await dials('+8613800161003');
  await shows(mia, 'calling');
  await page.locator('header button[data-state]').filter({ hasText: 'Dialling' }).waitFor();
  expect(await button(mia, 'Transfer').isDisabled()).toBe(true);
  await look(mia, 'dialling', 'briefly');
  await expect.poll(() => page.title()).toBe('● Dialling +86 138 0016 1003');
  await called.decline(486);
  await page.getByText('+86 138 0016 1003 was not reached: busy.').waitFor({ timeout: 30_000 });
  // The tone of the busy line is heard for some seconds.
  await shows(mia, 'line');
  await look(mia, 'busy', 'briefly');
  await shows(mia, 'idle', 30_000);
  // Who was busy is not called again at once: that is another number.
  const again = await dials('+8613800161006');
  await again.answer();
  await shows(mia, 'talking');
  await page.locator('header button[data-state]').filter({ hasText: 'Talking' }).waitFor();
  await again.tone(CUSTOMER);
  house.web.cut(5_000);
  await page.getByText(/^Reconnecting \S+ Your call goes on\.$/).waitFor();
  await page.locator('[data-state=connected]').waitFor();
  await presses(mia, 'Hang up');
  await again.ended();

  await shows(mia, 'idle', 30_000);
  const given = await dials('+8613800161007');
  await shows(mia, 'calling');
  await presses(mia, 'Hang up');
  await given.ended();
  await page.goto('/history');
  await page.locator('tr[data-call]').filter({ hasText: '1007' }).getByText('Given up').waitFor();
});

it('says who asks, who does not, and from whom a customer comes back', async () => {
  const mia = await house.comes('mia', MIA);
  const priya = await house.comes('priya', PRIYA);
  // Whoever had no page for half a minute was signed out.
  await house.does('2011', 'sign_in').catch(() => {});
  await house.does('2011', 'not_ready');
  const caller = await house.calls('+8613800161004');
  await caller.tone(CUSTOMER);
  await accepts(mia);

  await presses(mia, 'Transfer');
  await hands(mia, 'Priya N.', 'Consult');
  await shows(priya, 'ringing');
  await priya.page.getByRole('heading', { name: 'Mia Torres asks you' }).waitFor();
  await look(priya, 'asked', 'briefly');
  await presses(priya, 'Decline');
  await mia.page.getByText('Priya N. does not take it. The customer is yours again.').waitFor();

  await presses(mia, 'Transfer');
  await hands(mia, 'Priya N.', 'Consult');
  await accepts(priya);
  await priya.page.getByText('You talk with Mia Torres. The customer hears music.').waitFor();
  expect(await button(priya, 'Hand over').count()).toBe(0);
  await button(mia, 'Conference').first().click();
  await priya.page.getByText('+86 138 0016 1004, Mia Torres and you hear each other.').waitFor();
  await look(priya, 'conference-consulted', 'briefly');
  await presses(priya, 'Leave');
  await mia.page.getByText('Priya N. has left. The customer is yours again.').waitFor();

  await shows(priya, 'wrap_up').catch(() => shows(priya, 'idle'));
  await house.does('2011', 'end_wrap_up').catch(() => {});
  await presses(mia, 'Transfer');
  await hands(mia, 'Priya N.', 'Transfer');
  await mia.page.getByText('+86 138 0016 1004 goes over to Priya N.').waitFor();
  await shows(priya, 'ringing');
  await presses(priya, 'Decline');
  await mia.page.getByRole('heading', { name: 'Back from Priya N.' }).waitFor({ timeout: 30_000 });
  await look(mia, 'back', 'briefly');
  await presses(mia, /^Accept/);
  await caller.hangUp();
  // It went on without her, and stands among her last calls once it is over.
  await priya.page.locator('aside li').filter({ hasText: '1004' }).waitFor({ timeout: 30_000 });
});

it('keeps a follow-up over a reload as the agent’s own, and takes it back', async () => {
  await house.does('2011', 'not_ready');
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const caller = await house.calls('+8613800161005');
  await accepts(mia);
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await button(mia, 'Follow-up').click();
  await button(mia, 'Request callback').click();
  const said = page.locator('[data-follow-up]').getByText(/^Will be called/);
  await said.waitFor();
  // Nobody tells agents what they have done themselves: not at once, and not after a reload.
  const told = page.locator('[data-notice=request]').filter({ hasText: '1005' });
  const isTold = () =>
    told.waitFor({ timeout: 1_500 }).then(
      () => true,
      () => false,
    );
  expect(await isTold()).toBe(false);
  await page.goto('/list');
  await said.waitFor({ timeout: 30_000 });
  expect(await isTold()).toBe(false);
  const row = page.locator('[data-row]').filter({ hasText: '1005' }).first();
  await row.getByText('Follow-up by Mia Torres').waitFor();
  await mia.picture('told-follow-up');
  await page.locator('[data-follow-up]').getByRole('button', { name: 'Undo' }).click();
  await said.waitFor({ state: 'detached' });
  await row.waitFor({ state: 'detached' });
});

it('moves an open request to the time that was agreed upon, says so over a reload, and takes it back', async () => {
  await house.does('2011', 'not_ready');
  const number = '+8613800161006';
  const request = await house.server.request(number);
  const mia = await house.comes('mia', MIA);
  const { page } = mia;
  const caller = await house.calls(number);
  await accepts(mia);
  await button(mia, 'Follow-up').click();
  await button(mia, 'Request callback').click();
  const said = page.locator('[data-follow-up]').getByText(/^The open request is moved to/);
  await said.waitFor();
  await caller.hangUp();
  await shows(mia, 'wrap_up');
  await page.reload();
  await said.waitFor({ timeout: 30_000 });
  const entry = async () => {
    const path = `/api/entries/${request}`;
    const { entry } = await house.server.ask<{
      entry: { due: number; assigned?: string; state: { name: string } };
    }>('GET', path);
    return entry;
  };
  const { state, assigned, due } = await entry();
  expect([state.name, assigned]).toEqual(['waiting', '2014']);
  expect(due).toBeGreaterThan(Date.now() + 1_800_000);
  await page.goto(`/list/${request}`);
  await page.getByText(/agreed in a call/).waitFor();
  await page.locator('[data-follow-up]').getByRole('button', { name: 'Undo' }).click();
  await said.waitFor({ state: 'detached' });
  await page.getByText('Agreement undone: as it was before').waitFor();
  const after = await entry();
  expect([after.state.name, after.assigned ?? null]).toEqual(['waiting', null]);
  expect(after.due).toBeLessThan(Date.now());
});
