import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Person, openBrowser } from './house/browser.ts';
import { axe, cutOff } from './house/look-at.ts';
import { Server } from './house/server.ts';
import { Web } from './house/web.ts';

const MINUTE = 60_000;

let browser: Browser;
let server: Server;
let web: Web;
const people: Person[] = [];
const ids: Record<string, string> = {};

/** What the server would say of entries that take calls and hours to make. */
const AS: Record<string, (now: number) => Record<string, unknown>> = {
  hour: now => late(now, 65 * MINUTE),
  day: now => ({ ...late(now, 23 * 60 * MINUTE + 59 * MINUTE), attempts: [tried(now)] }),
  days: now => late(now, 12 * 24 * 60 * MINUTE),
  mine: () => ({ state: { name: 'noting', agent: '2014', broken: true } }),
  claimed: () => ({ state: { name: 'claimed', agent: '2011', until: Date.now() + 5 * MINUTE } }),
  calling: () => ({ state: { name: 'attempting', agent: '2011' } }),
  noting: () => ({ state: { name: 'noting', agent: '2011' } }),
  given: now => ({ assigned: '2011', attempts: [tried(now)] }),
  long: now => ({
    count: 3,
    assigned: '2011',
    request: {
      asked: now - MINUTE,
      promise: { from: now + 60 * MINUTE, to: now + 75 * MINUTE },
      path: ['desk/2011'],
      language: 'en',
      prompts: [],
    },
  }),
};

const tried = (now: number) => ({
  id: 'att_1',
  agent: '2011',
  began: now - 2 * MINUTE,
  ended: now - MINUTE,
  result: 'no_answer',
  counted: true,
  talked: 0,
});

const late = (now: number, by: number) => ({
  request: {
    asked: now - by - MINUTE,
    promise: { from: now - by - MINUTE, to: now - by },
    path: [],
    language: 'en',
    prompts: [],
  },
});

/** As long as a name of two words and a letter; it is read whole. */
const LONG = 'Customer Q Wangze';

interface Said {
  type: string;
  at: number;
  entries?: { items: { id: string }[] };
  agents?: { key: string; name: string; state: string }[];
}

/** Lets the server say these things of the entries, and this of the viewer's own state. */
async function sees(page: Page, state: string | null): Promise<void> {
  await page.routeWebSocket(/\/api\/live/, socket => {
    const there = socket.connectToServer();
    there.onMessage(text => {
      const said = JSON.parse(String(text)) as Said;
      for (const entry of said.entries?.items ?? []) {
        const [what] = Object.entries(ids).find(([, id]) => id === entry.id) ?? [];
        if (what !== undefined) Object.assign(entry, AS[what]?.(said.at));
      }
      for (const agent of said.agents ?? []) {
        if (agent.key === '2011') agent.name = 'Mia Torres';
        if (agent.key === '2014' && state !== null) agent.state = state;
      }
      socket.send(JSON.stringify(said));
    });
  });
}

beforeAll(async () => {
  server = await Server.start();
  web = await Web.start(() => server.http);
  browser = await openBrowser();
  for (const [n, what] of Object.keys(AS).entries()) ids[what] = await server.request(`+861380000600${n}`);
  for (const [what, name] of [
    ['given', 'Elena Marsh'],
    ['long', LONG],
  ] as const) {
    const numbers = [`+861380000600${Object.keys(AS).indexOf(what)}`];
    await server.ask('POST', '/api/contacts', { name, numbers });
  }
});

afterAll(async () => {
  await browser?.close();
  await web?.stop();
  await server?.stop();
});

afterEach(async () => {
  for (const person of people.splice(0)) await person.leave();
});

async function come(
  looks: Parameters<typeof Person.come>[2],
  state: string | null = null,
  who = 'mia',
): Promise<Person> {
  const person = await Person.come(browser, web.url, looks);
  people.push(person);
  await sees(person.page, state);
  await person.page.goto('/list');
  await person.signIn(who);
  await person.row(ids.mine ?? '').waitFor();
  return person;
}

const WORDS = {
  en: {
    given: 'for Mia Torres',
    tries: '1 of 3, no answer',
    short: 'tried 1 of 3',
    claimed: 'claimed',
    calling: 'calling',
    noting: 'noting',
    note: 'Note outcome',
    followUp: 'Follow-up by Mia Torres',
  },
  zh: {
    given: '指派给 Mia Torres',
    tries: '第 1 次无人接听',
    short: '已呼 1/3 次',
    claimed: '已认领',
    calling: '呼叫中',
    noting: '整理中',
    note: '记录结果',
    followUp: 'Mia Torres 约定的后续回呼',
  },
};

/** Looks that a row says whole who it is and to whom it was given. */
async function isGivenWhole(person: Person, language: 'en' | 'zh'): Promise<void> {
  const row = person.row(ids.given ?? '');
  await areWhole([
    row.getByRole('link', { name: 'Elena Marsh' }),
    row.getByText('+86 138 0000 6007').first(),
    row.getByText(WORDS[language].given, { exact: true }),
  ]);
}

/** Looks that nothing of this is cut off, and that it stands in its cell with some room to the lines of the row. */
async function areWhole(parts: readonly Locator[]): Promise<void> {
  for (const part of parts) {
    await part.waitFor();
    const cut = await part.evaluate(at => {
      const { left, right, top, bottom } = at.getBoundingClientRect();
      const cell = at.closest('[role=gridcell]')?.getBoundingClientRect();
      const row = at.closest('[role=row]')?.getBoundingClientRect();
      const out = left < (cell?.left ?? 0) - 1 || right > (cell?.right ?? 0) + 1;
      const close = top < (row?.top ?? 0) + 4 || bottom > (row?.bottom ?? 0) - 4;
      return at.scrollWidth > at.clientWidth || out || close;
    });
    expect.soft(cut, await part.innerText()).toBe(false);
  }
}

describe.each(['en', 'zh'] as const)('in %s', language => {
  it('says beside the button to whom a row was given, without the phone as well', async () => {
    const person = await come({ language }, null, 'root');
    await isGivenWhole(person, language);
    await person
      .row(ids.given ?? '')
      .getByText(WORDS[language].tries, { exact: true })
      .last()
      .waitFor();
    await person.picture(`rows-given-${language}`);
    expect.soft(await cutOff(person.page)).toEqual([]);
    expect.soft(await axe(person.page)).toEqual([]);
  });

  it.each([
    [1360, 768],
    [1680, 900],
    [820, 1180],
    [390, 844],
  ])('at %i × %i a row says who has it and how late it is, and covers nothing', async (width, height) => {
    const person = await come({ language, width, height });
    for (const what of ['claimed', 'calling', 'noting'] as const) {
      const row = person.row(ids[what] ?? '');
      await row.getByText(WORDS[language][what], { exact: true }).waitFor();
      const name = row.getByText('Mia Torres', { exact: true });
      expect(await name.evaluate(at => at.scrollWidth <= at.clientWidth), `${what}: name`).toBe(true);
    }
    await isGivenWhole(person, language);
    const { short } = WORDS[language];
    const long = person.row(ids.long ?? '');
    await areWhole([
      long.getByRole('link', { name: LONG }),
      long.getByText('+86 138 0000 6008').first(),
      long.getByText('3×', { exact: true }),
      long.getByText(WORDS[language].given, { exact: true }),
      ...(width === 390 ? ['given', 'day'].map(of => person.row(ids[of] ?? '').getByText(short)) : []),
      ...(width === 1360 ? [long.getByText(WORDS[language].followUp, { exact: true })] : []),
    ]);
    const note = person.row(ids.mine ?? '').getByRole('button', { name: WORDS[language].note });
    expect(await note.getAttribute('data-kind')).toBe('primary');
    await person.picture(`rows-${language}-${width}`);
    expect.soft(await cutOff(person.page)).toEqual([]);
    expect.soft(await axe(person.page)).toEqual([]);
  });
});

it('asks for the outcome in the row before anything else, and has nothing blue while a call is in hand', async () => {
  const free = await come({});
  await free
    .row(ids.mine ?? '')
    .getByRole('button', { name: 'Note outcome' })
    .click();
  await free.page.getByRole('dialog', { name: /^Outcome: / }).waitFor();
  for (const state of ['ringing', 'talking', 'wrap_up']) {
    const busy = await come({}, state);
    const blue = busy.page.locator('[role=grid] [data-kind=primary]');
    await expect.poll(() => blue.count(), { message: state }).toBe(0);
  }
});

it('says that a number is blocked and is not any more, and takes that back', async () => {
  const entry = await server.request('+8613800006200');
  const { page } = await come({}, null, 'root');
  const more = async (item: string) => {
    const row = page.locator(`[data-row="${entry}"]`);
    await row.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const blocked = page.locator(`[data-row="${entry}"] [data-blocked]`);
  await more('Block number');
  await page.getByRole('dialog').getByRole('button', { name: 'Block number' }).click();
  await page.getByText('+86 138 0000 6200 is blocked.').waitFor();
  await blocked.waitFor();
  await more('Unblock number');
  const said = page.getByRole('status').filter({ hasText: '+86 138 0000 6200 is not blocked any more.' });
  await said.waitFor();
  await blocked.waitFor({ state: 'detached' });
  await said.getByRole('button', { name: 'Undo' }).click();
  await blocked.waitFor();
  await page.getByText('Taken back.').waitFor();
});

it('marks one tab alone', async () => {
  const person = await come({});
  for (const tab of ['Done', 'Unreachable', 'Other', 'Open']) {
    await person.page.getByRole('link', { name: new RegExp(`^${tab}`) }).click();
    const marked = person.page
      .getByRole('navigation', { name: 'Missed-call list' })
      .locator('[aria-current]');
    await expect.poll(() => marked.allInnerTexts()).toEqual([expect.stringMatching(`^${tab}`)]);
  }
});

it('finds and names somebody by the contact, in the list, the palette, a dialog and a notice', async () => {
  const entry = await server.request('+8613800006100');
  await server.ask('POST', '/api/contacts', { name: '李文博', numbers: ['+8613800006100'] });
  const { page, row } = await come({}).then(person => ({ page: person.page, row: person.row(entry) }));
  // The row under the pointer stays whatever is searched for.
  await page.mouse.move(5, 300);
  await page.getByLabel('Name or number').fill('文博');
  await expect.poll(() => page.locator('[data-row]').count()).toBe(1);
  await row.getByRole('button', { name: 'Call back 李文博' }).waitFor();
  await row.focus();
  await page.keyboard.press('p');
  await page.getByRole('dialog', { name: 'Postpone 李文博' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('k');
  await page.getByText(/^李文博 is yours for/).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type('李');
  await page.getByRole('dialog').getByText('李文博').click();
  await page.getByRole('heading', { level: 1, name: '李文博' }).waitFor();
});
