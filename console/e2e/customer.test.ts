import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Looks, Person, openBrowser, openSoftphone } from './house/browser.ts';
import { Carrier } from './house/carrier.ts';
import type { FarCall } from './house/far-phones.ts';
import { axe, cutOff, notInOneLine } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

/** The numbers of the queues: after a call of the second the note must be saved. */
const SUPPORT = '+862161230001';
const COMPLAINTS = '+862161230003';

let softphone: Browser;
let browser: Browser;
let carrier: Carrier;
let server: Server;
let web: Web;
const people: Person[] = [];
let customers: FarCall[] = [];

beforeAll(async () => {
  carrier = await Carrier.open();
  server = await Server.start({ carrier: carrier.at });
  web = await Web.start(() => server.http);
  softphone = await openSoftphone(440);
  browser = await openBrowser();
  // All calls are for Mia.
  for (const agent of ['2011', '2001'])
    await server.ask('POST', `/api/agents/${agent}`, { action: 'sign_out' });
});

afterAll(async () => {
  await browser?.close();
  await softphone?.close();
  await web?.stop();
  await server?.stop();
  await carrier?.close();
});

afterEach(async () => {
  const complaints = people.flatMap(person => person.complaints);
  for (const customer of customers.splice(0)) await customer.hangUp().catch(() => {});
  for (const person of people.splice(0)) await person.leave();
  await server.ask('POST', '/api/agents/2014', { action: 'end_wrap_up' }).catch(() => {});
  await server.ask('POST', '/api/agents/2014', { action: 'available' }).catch(() => {});
  expect(complaints, 'what the browser complained of').toEqual([]);
});

/** Mia at a page that is her phone. */
async function atPhone(looks: Looks = {}): Promise<Person> {
  const person = await Person.come(softphone, web.url, looks);
  people.push(person);
  await person.context.grantPermissions(['microphone']);
  await person.page.goto('/');
  await person.signIn('mia');
  await person.page.locator('aside [data-call]').waitFor({ state: 'attached' });
  await person.page.locator('aside [role=status]').first().waitFor({ state: 'detached', timeout: 30_000 });
  return person;
}

/** A customer calls; the answer is the customer once it rings in the page. */
async function rings({ page }: Person, from: string, to = SUPPORT): Promise<FarCall> {
  const customer = await carrier.calls(server.sip, from, to);
  customers.push(customer);
  await page.locator('[data-call=ringing]').waitFor();
  return customer;
}

async function accept({ page }: Person): Promise<void> {
  await page.locator('[data-rests]').waitFor({ state: 'detached' });
  await page
    .locator('aside')
    .getByRole('button', { name: /^(Accept|接听)/ })
    .click();
  await page.locator('[data-call=talking]').waitFor();
}

/** The customer hangs up first. */
async function hangUp(customer: FarCall): Promise<void> {
  customers = customers.filter(one => one !== customer);
  await customer.hangUp();
}

const saved = ({ page }: Person) => page.locator('[data-kept=kept]').getByText(/^(Saved|已保存)/);

async function check(person: Person, name: string): Promise<void> {
  await person.picture(name);
  expect.soft(await cutOff(person.page), `${name}: cut off`).toEqual([]);
  expect.soft(await axe(person.page), `${name}: axe`).toEqual([]);
}

interface Made {
  id: string;
  version: number;
}

const make = (name: string, numbers: string[], more: object = {}) =>
  server.ask<Made>('POST', '/api/contacts', { name, numbers, ...more });

describe('a customer who is known and has an open request', () => {
  it('stands there with name and request as the phone rings, and the request can be kept open', async () => {
    const number = '+442079460172';
    const contact = await make('Tom Okafor', [number], { company: 'Okafor Heating', language: 'en' });
    await server.ask('POST', `/api/contacts/${contact.id}/notes`, { text: 'Prefers e-mail for invoices.' });
    const entry = await server.request(number);
    const mia = await atPhone();
    const { page } = mia;
    const customer = await rings(mia, number);
    await page
      .locator('[data-customer]')
      .getByRole('heading', { name: /Tom Okafor/ })
      .waitFor();
    await page.locator('aside').getByText('Tom Okafor').first().waitFor();
    await page.getByText(/^Asked for a callback at \d\d:\d\d, promised by \d\d:\d\d\./).waitFor();
    await page.getByText('Prefers e-mail for invoices.').waitFor();
    await page.getByText(/^United Kingdom, \d\d:\d\d there$/).waitFor();
    await check(mia, 'pop-ringing-en-light-1360');
    await accept(mia);
    await page.getByRole('button', { name: 'Keep it open' }).click();
    await page.getByText('It stays open, however long you talk.').waitFor();
    await page.getByRole('button', { name: 'Let it close' }).waitFor();
    await check(mia, 'pop-talking-en-light-1360');
    await hangUp(customer);
    // The page stays for the wrap-up, and what was seen before comes back after it.
    await page.locator('[data-finish=wrap_up]').waitFor();
    await page
      .locator('[data-customer]')
      .getByRole('heading', { name: /Tom Okafor/ })
      .waitFor();
    await check(mia, 'pop-wrap-up-en-light-1360');
    await page.getByRole('button', { name: 'Finish' }).click();
    await mia.row(entry).waitFor();
    expect(new URL(page.url()).pathname).toBe('/list');
  });
});

describe('a note', () => {
  it('is kept as it is typed: over a reload, the end of the call and another browser', async () => {
    const mia = await atPhone();
    const { page } = mia;
    const customer = await rings(mia, '+442079460118');
    await accept(mia);
    const note = page.getByLabel('Note', { exact: true });
    await note.fill('Heater shows E4 since Sunday');
    await saved(mia).waitFor();
    await page.reload();
    await page.locator('[data-call=talking]').waitFor({ timeout: 30_000 });
    await expect.poll(() => note.inputValue()).toBe('Heater shows E4 since Sunday');
    // Whoever types keeps the field when the customer hangs up.
    await note.focus();
    await note.press('End');
    await page.keyboard.type(', reset');
    await hangUp(customer);
    await page.locator('[data-call=wrap_up]').waitFor();
    await page.keyboard.type(' did not help');
    expect(await note.inputValue()).toBe('Heater shows E4 since Sunday, reset did not help');
    await saved(mia).waitFor();
    await page.getByRole('button', { name: 'Later' }).click();
    const item = page.getByRole('button', { name: /^Note \+44 20 7946 0118/ });
    await item.waitFor();
    await check(mia, 'open-item-en-light-1360');

    const elsewhere = await Person.signedIn(browser, web.url, 'mia');
    people.push(elsewhere);
    await elsewhere.page.getByRole('button', { name: /^Note \+44 20 7946 0118/ }).click();
    const there = elsewhere.page.getByLabel('Note', { exact: true });
    await expect.poll(() => there.inputValue()).toBe('Heater shows E4 since Sunday, reset did not help');
    await elsewhere.page.getByRole('combobox', { name: 'Disposition' }).focus();
    await elsewhere.page.keyboard.type('book');
    await elsewhere.page.keyboard.press('Enter');
    await elsewhere.page.locator('[data-disposition=booked]').waitFor();
    await elsewhere.page.getByRole('button', { name: 'Save', exact: true }).click();
    await item.waitFor({ state: 'detached' });
    await elsewhere.page.locator('[data-open-notes]').waitFor({ state: 'detached' });
    const mine = await elsewhere.page.evaluate(() => fetch('/api/me/notes').then(answer => answer.json()));
    expect(mine).toEqual({ items: [] });
  });

  it('stays in the field when the time for it is over while somebody types', async () => {
    const mia = await atPhone();
    const { page } = mia;
    const customer = await rings(mia, '+442079460119');
    await accept(mia);
    await hangUp(customer);
    await page.locator('[data-call=wrap_up]').waitFor();
    const note = page.getByLabel('Note', { exact: true });
    await note.focus();
    await page.keyboard.type('one');
    await saved(mia).waitFor();
    // A supervisor ends the wrap-up, as its time would.
    await server.ask('POST', '/api/agents/2014', { action: 'end_wrap_up' });
    await page.getByRole('button', { name: 'State: Available' }).waitFor();
    await page.keyboard.type(' two');
    expect(await note.inputValue()).toBe('one two');
    await saved(mia).waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('[data-call=idle]').getByLabel('Number or extension').waitFor();
  });
});

describe('a mandatory wrap-up', () => {
  it('ends with a note that has a disposition, chosen by its key, and not before', async () => {
    const mia = await atPhone();
    const { page } = mia;
    const customer = await rings(mia, '+442079460120', COMPLAINTS);
    await accept(mia);
    await hangUp(customer);
    await page.getByText('Ends when you save').waitFor();
    await check(mia, 'mandatory-en-light-1360');
    await page.getByLabel('Note', { exact: true }).fill('Angry, and right');
    await page.keyboard.press('Alt+Enter');
    await page.getByText('Choose a disposition. This queue asks for one.').waitFor();
    // The time that it should take goes by, and nothing changes.
    await page.getByText(/^\d+:\d\d over$/).waitFor();
    await page.getByRole('button', { name: 'State: Wrap-up' }).waitFor();
    await page.keyboard.press('Alt+d');
    await page.keyboard.press('3');
    await page.locator('[data-disposition=second-line]').waitFor();
    await page.keyboard.press('Alt+Enter');
    await page.getByRole('button', { name: 'State: Available' }).waitFor();
    await page.getByText('The note is saved.').waitFor();
  });
});

describe('contacts', () => {
  it('are created, changed by two people without loss, merged and taken apart again', async () => {
    const other = await make('Fang', ['+8613800138002'], { company: 'Lotus' });
    const mia = await Person.signedIn(browser, web.url, 'mia', { path: '/contacts' });
    people.push(mia);
    const { page } = mia;
    await page.getByRole('button', { name: 'New contact' }).click();
    await page.getByLabel('Name').fill('Wang Fang');
    await page.getByLabel('Number 1').fill('138 0013 8001');
    // What is typed is kept over a reload.
    await page.reload();
    await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('Wang Fang');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Wang Fang' }).waitFor();
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.getByText('+86 138 0013 8001').waitFor();

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Company').fill('Lotus Tea');
    const theirs = { name: 'Wang Fang', numbers: ['+8613800138001'], company: 'Lotus Ltd', tags: ['vip'] };
    await server.ask('PUT', `/api/contacts/${id}`, theirs);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody has changed this contact meanwhile.', { exact: false }).waitFor();
    await page.getByText('Theirs: Lotus Ltd').waitFor();
    expect(await page.getByLabel('Company').inputValue()).toBe('Lotus Tea');
    expect(await page.getByLabel('Tags').inputValue()).toBe('vip');
    await check(mia, 'contact-conflict-en-light-1360');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Lotus Tea').waitFor();

    await page.getByRole('button', { name: 'Merge' }).click();
    const dialog = page.getByRole('dialog', { name: 'Merge into Wang Fang' });
    await dialog.getByLabel('Which contact is the same person?').fill('8002');
    await dialog.getByRole('button', { name: /^Fang/ }).click();
    await dialog.getByText('Fang goes over into Wang Fang: numbers 1, notes 0.', { exact: false }).waitFor();
    await check(mia, 'merge-en-light-1360');
    await dialog.getByRole('button', { name: 'Merge' }).click();
    await page.getByText('+86 138 0013 8002').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Fang stands alone again.').waitFor();
    await page.getByText('+86 138 0013 8002').waitFor({ state: 'detached' });
    expect((await server.ask<Made>('GET', `/api/contacts/${other.id}`)).id).toBe(other.id);
    await page.getByRole('link', { name: 'Back to the contacts' }).click();
    await page.getByLabel('Name, number, company or tag').fill('0138-002');
    await page.locator(`[data-row="${other.id}"]`).waitFor();
    await page.locator(`[data-row="${id}"]`).waitFor({ state: 'detached' });
    expect(page.url()).toContain('q=0138-002');
  });

  it('come from a file, after it was seen what would happen', async () => {
    await make('Known', ['+8613900139001']);
    const adam = await Person.signedIn(browser, web.url, 'adam', { path: '/contacts' });
    people.push(adam);
    const { page } = adam;
    const file = (text: string) => ({ name: 'c.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: 'Import' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import contacts' });
    const lines = '姓名,号码\r\n李文博,13900139002\r\nKnown Too,13900139001\r\n';
    await dialog.locator('input[type=file]').setInputFiles(file(`${lines}Bad,12\r\n`));
    await dialog.getByText('Mend these first.', { exact: false }).waitFor();
    await dialog.getByText('Line 4').waitFor();
    await check(adam, 'import-problems-en-light-1360');
    expect(await dialog.getByRole('button', { name: 'Import', exact: true }).isDisabled()).toBe(true);
    await dialog.locator('input[type=file]').setInputFiles(file(lines));
    await dialog.getByText('1 new contact').waitFor();
    await dialog.getByText('1 left out, known already').waitFor();
    await dialog.getByRole('button', { name: 'Import 1 contact' }).click();
    await page.getByText('Imported: 1 new, 0 added.').waitFor();
    await page.getByText('李文博').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('contacts.csv');
  });
});

const LOOKS = (['en', 'zh'] as const).flatMap(language =>
  (['light', 'dark'] as const).map(theme => ({ language, theme })),
);
const SIZES = [
  [1360, 768],
  [820, 1180],
  [390, 844],
] as const;

describe.each(LOOKS)('in $language, $theme', looks => {
  it.each(SIZES)('at %i × %i the pages about customers can be read and used', async (width, height) => {
    const at = (what: string) => `${what}-${looks.language}-${looks.theme}-${width}`;
    const words = (en: string, zh: string) => (looks.language === 'en' ? en : zh);
    const digits = `${LOOKS.findIndex(one => one === looks)}${SIZES.findIndex(one => one[0] === width)}`;
    const number = `+8613700137${digits}0`;
    const contact = await make('李文博 Bartholomew Featherstonehaugh', [number, `+8613700137${digits}1`], {
      company: 'Lotus Tea Trading Company (Shanghai) Limited',
      language: 'zh',
      tags: ['vip', 'boiler', 'contract 2027'],
    });
    const note = { text: 'Has two heaters on one account. Ask for the serial number first.' };
    await server.ask('POST', `/api/contacts/${contact.id}/notes`, note);
    await server.request(number);

    const mia = await atPhone({ ...looks, width, height });
    const { page } = mia;
    const customer = await rings(mia, number);
    // A phone shows the call alone; elsewhere the customer's page comes beside it a moment later.
    if (width > 600) await page.locator('[data-customer]').getByRole('heading').first().waitFor();
    await check(mia, at('pop-ringing'));
    await accept(mia);
    await page
      .getByLabel(words('Note', '备注'), { exact: true })
      .fill(words('Heater shows E4', '热水器显示 E4'));
    await saved(mia).waitFor();
    await page.getByLabel(words('Tags', '标签')).fill('boiler');
    await page.keyboard.press('Enter');
    await check(mia, at('pop-talking'));
    await hangUp(customer);
    await page.locator('[data-finish=wrap_up]').waitFor();
    await page.locator('aside [role=option]').first().click();
    await page.getByRole('button', { name: words('Follow-up', '后续回呼') }).click();
    await check(mia, at('pop-wrap-up'));
    expect(await notInOneLine(page, '[data-follow-up] button[data-dates-input]')).toEqual([]);
    // How long the wrap-up lasts, and beside it the button that makes it longer.
    expect(await notInOneLine(page, '[data-finish] p b, [data-finish] p span > span')).toEqual([]);
    const longer = page.getByRole('button', { name: words('I need longer', '需要更多时间') });
    expect((await longer.boundingBox())?.y).toBeLessThan(
      (await page.locator('[data-finish] p span > span').boundingBox())?.y ?? 0,
    );
    await page.getByRole('button', { name: words('Later', '稍后') }).click();
    await page.locator('[data-open-notes]').waitFor({ state: 'attached' });
    await check(mia, at('open-item'));
    const open = await page.evaluate(() => fetch('/api/me/notes').then(answer => answer.json()));
    for (const { call } of (open as { items: { call: string }[] }).items)
      await page.evaluate(id => fetch(`/api/calls/${id}/note`, { method: 'DELETE' }), call);

    const root = await Person.signedIn(browser, web.url, 'adam', {
      ...looks,
      width,
      height,
      path: '/contacts',
    });
    people.push(root);
    await root.page.locator('[data-row]').first().waitFor();
    await check(root, at('contacts'));
    await root.page.getByRole('button', { name: words('Import', '导入') }).click();
    await root.page.getByRole('dialog').waitFor();
    await check(root, at('import'));
    await root.page.keyboard.press('Escape');
    await root.page.locator(`[data-row="${contact.id}"]`).click();
    await root.page.getByRole('heading', { level: 1 }).waitFor();
    await check(root, at('contact'));
    await root.page.getByRole('button', { name: words('Edit', '编辑') }).click();
    await check(root, at('contact-form'));
    await root.page.getByRole('button', { name: words('Cancel', '取消') }).click();
    await root.page.getByRole('button', { name: words('Merge', '合并') }).click();
    await root.page.getByRole('dialog').waitFor();
    await check(root, at('merge'));
    await root.page.keyboard.press('Escape');
    await root.page.getByRole('button', { name: words('Delete', '删除') }).click();
    await root.page.getByRole('dialog').waitFor();
    await check(root, at('delete'));
  });
});
