import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { FarHouse, accepts } from './house/far-house.ts';
import { axe, cutOff } from './house/look-at.ts';

/** Tones by which both are known, in hertz. */
const MIA = 440;
const CUSTOMER = 1_000;
const WHO_LEFT = '+8613800170001';
const WHO_TALKED = '+8613800170002';

/** So long somebody speaks, in milliseconds. */
const SPOKEN = 5_000;

let house: FarHouse;
let quiet: Browser;
let entry = '';
let message = '';
let call = '';
let recording = '';

const spoken = () => new Promise(resolve => setTimeout(resolve, SPOKEN));

interface Items<T> {
  items: T[];
}

/** Asks until there is one. */
async function first<T>(path: string): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const [found] = (await house.server.ask<Items<T>>('GET', path)).items;
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`nothing comes at ${path}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** How the audit has it that somebody opened this: whether as a file. */
async function openings(of: string): Promise<boolean[]> {
  const path = `/api/audit?object=${of}`;
  const { items } = await house.server.ask<Items<{ route: string; downloaded: boolean }>>('GET', path);
  return items.filter(one => one.route.endsWith('/audio')).map(one => one.downloaded);
}

beforeAll(async () => {
  house = await FarHouse.open('recording_notice = "recording-notice"\n');
  quiet = await openBrowser();

  await house.does('2014', 'not_ready');
  await house.does('2011', 'not_ready');
  const caller = await house.calls(WHO_LEFT);
  await caller.tone(CUSTOMER);
  await caller.press('2');
  await caller.hearsMusic([MIA]);
  await caller.press('3');
  // Behind the greeting and its tone.
  await caller.hearsSilence();
  await spoken();
  await caller.press('#');
  await caller.ended(60_000);
  const left = await first<{ id: string; messages: string[] }>('/api/entries?section=messages');
  [entry, message] = [left.id, left.messages[0] ?? ''];

  await house.does('2014', 'available');
  const mia = await house.comes('mia', MIA);
  const talker = await house.calls(WHO_TALKED);
  await accepts(mia);
  await talker.hears(MIA);
  await spoken();
  await talker.tone(CUSTOMER);
  await spoken();
  await talker.hangUp();
  expect(await house.empty()).toEqual([]);
  const past = await first<{ call: string; recordings: { recording: string }[] }>(
    '/api/history?result=talked',
  );
  [call, recording] = [past.call, past.recordings[0]?.recording ?? ''];
});

afterAll(async () => {
  await quiet?.close();
  await house?.close();
});

const player = (page: Page, sound: string) => page.locator(`[data-sound="${sound}"]`);
const at = async (slider: Locator) => Number(await slider.inputValue());

it('shows a message as new, draws it before it is opened, and goes where it is told', async () => {
  const mia = await Person.signedIn(quiet, house.web.url, 'mia');
  const { page } = mia;
  await mia.row(entry).getByText('New', { exact: true }).waitFor();
  await mia.row(entry).getByRole('link').click();
  const own = player(page, message);
  await own.locator('svg[data-wave="1"]').waitFor();
  await page.getByText('New', { exact: true }).last().waitFor();
  expect(await openings(message), 'a drawing opens nothing').toEqual([]);
  expect(await own.getByRole('link', { name: /^Download/ }).count(), 'an agent may listen alone').toBe(0);

  const slider = own.getByRole('slider');
  const length = Number(await slider.getAttribute('max'));
  expect(length).toBeGreaterThan(SPOKEN / 1_000 - 1);
  const box = (await slider.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await expect.poll(async () => Math.abs((await at(slider)) - length / 2)).toBeLessThan(0.3);
  const middle = await at(slider);
  await slider.press('ArrowRight');
  await expect.poll(async () => (await at(slider)) - middle).toBeCloseTo(1, 1);
  await slider.press('PageDown');
  await expect.poll(() => at(slider)).toBe(0);
  await expect.poll(() => openings(message)).toEqual([false]);
  // What was looked at and not played is new.
  await page.getByText('New', { exact: true }).last().waitFor();
  expect(mia.complaints).toEqual([]);
  await mia.leave();
});

it('marks a message as heard for everybody once most of it was played', async () => {
  const [mia, priya] = [
    await Person.signedIn(quiet, house.web.url, 'mia', { path: `/list/${entry}` }),
    await Person.signedIn(quiet, house.web.url, 'priya'),
  ];
  await priya.row(entry).getByText('New', { exact: true }).waitFor();
  await player(mia.page, message).getByRole('button', { name: 'Play, Message 1' }).click();
  await mia.page.getByText(/^heard by Mia Torres at \d\d:\d\d$/).waitFor({ timeout: 30_000 });
  await mia.page.getByText('Message listened to').waitFor();
  const row = priya.row(entry);
  await row.getByText(/^Heard \d\d:\d\d$/).waitFor();
  expect(await row.getByText('New', { exact: true }).count()).toBe(0);
  await row.getByTitle(/^heard by Mia Torres at/).waitFor();
  expect([...mia.complaints, ...priya.complaints]).toEqual([]);
  await mia.leave();
  await priya.leave();
});

it('calls back from a message with one click', async () => {
  const mia = await house.comes('mia', MIA);
  await mia
    .row(entry)
    .getByRole('button', { name: /^Call back/ })
    .click();
  const called = await house.carrier.rings();
  expect(called.called).toBe(WHO_LEFT);
  await called.decline(486);
  expect(await house.empty()).toEqual([]);
});

it('gives a recording as a file to who may take it away, and the audit tells', async () => {
  const root = await Person.signedIn(quiet, house.web.url, 'root', { path: `/history/${call}` });
  const { page } = root;
  const own = player(page, recording);
  await own.locator('svg[data-wave="2"]').waitFor();
  await own.getByText('Agent', { exact: true }).waitFor();
  await own.getByText('Customer', { exact: true }).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    own.getByRole('link', { name: /^Download/ }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d-\d{4}-2014-recording\.wav$/);
  expect((await readFile(await file.path())).subarray(0, 4).toString()).toBe('RIFF');
  expect(await openings(recording)).toEqual([true]);
  await page.goto('/audit?area=recordings');
  await page.locator('tbody tr').getByText('Downloaded').waitFor();
  expect(root.complaints).toEqual([]);
  await root.leave();
});

it('says why there is no waveform, and plays all the same', async () => {
  const root = await Person.come(quiet, house.web.url, {});
  const broken = { code: 'broken_recording', message: 'this recording breaks off', problems: [] };
  await root.page.route('**/peaks?*', route => route.fulfill({ status: 409, json: broken }));
  await root.page.goto(`/history/${call}`);
  await root.signIn('root');
  const own = player(root.page, recording);
  await own.getByText('The recording is damaged: no waveform.').waitFor();
  await own.locator('svg[data-wave="flat"]').waitFor();
  await own.getByRole('button', { name: /^Play/ }).click();
  await own.getByRole('button', { name: /^Pause/ }).waitFor();
  await root.leave();
});

describe.each(['en', 'zh'] as const)('in %s', language => {
  it.each([
    [1360, 768, 'light'],
    [1360, 768, 'dark'],
    [820, 1180, 'dark'],
    [390, 844, 'light'],
  ] as const)('at %i × %i, %s, they can be read and used', async (width, height, theme) => {
    for (const [name, path, sound] of [
      ['list', '/list', null],
      ['message', `/list/${entry}`, message],
      ['recording', `/history/${call}`, recording],
    ] as const) {
      const looks = { language, theme, width, height, path };
      const root = await Person.signedIn(quiet, house.web.url, 'root', looks);
      const { page } = root;
      if (sound === null) {
        await root.row(entry).waitFor();
      } else {
        const slider = player(page, sound).getByRole('slider');
        await player(page, sound).locator('svg[data-wave]:not([data-wave=flat])').waitFor();
        await slider.press('ArrowRight');
        await slider.press('ArrowRight');
        await slider.scrollIntoViewIfNeeded();
      }
      const picture = `playback-${name}-${language}-${theme}-${width}`;
      await root.picture(picture);
      expect.soft(await cutOff(page), `${picture}: cut off`).toEqual([]);
      expect.soft(await axe(page), `${picture}: axe`).toEqual([]);
      await root.leave();
    }
  });
});
