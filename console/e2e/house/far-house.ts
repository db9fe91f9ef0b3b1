import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { Person, openSoftphone } from './browser.ts';
import { giveEars } from './ear.ts';
import { type FarCall, type FarPhone, FarPhones } from './far-phones.ts';
import { Server } from './server.ts';
import { Web } from './web.ts';

/** The number that leads to queue 600. */
export const SUPPORT = '+862161230001';
/** The extension in the tests that has a telephone on the desk, and its password. */
export const DESK = '2001';
const DESKS_PASSWORD = 'secret of the desk';

/** The shipped flow behind queue 600, for the group of Mia and Priya. */
const FLOW = new URL('../../../scenario/flows/queue-overflow.json', import.meta.url).pathname;

/** A server, a carrier with real telephones behind it, and browsers with microphones that hear tones. */
export class FarHouse {
  readonly far: FarPhones;
  readonly carrier: FarPhone;
  readonly server: Server;
  readonly web: Web;
  readonly #browsers: Browser[] = [];
  #people: Person[] = [];

  private constructor(far: FarPhones, carrier: FarPhone, server: Server, web: Web) {
    [this.far, this.carrier, this.server, this.web] = [far, carrier, server, web];
  }

  /** With more lines for queue 600 and for the site, where some are given. */
  static async open(queue = '', site = ''): Promise<FarHouse> {
    const far = FarPhones.start();
    let server: Server | undefined;
    try {
      const carrier = await far.carrier();
      const flow = readFileSync(FLOW, 'utf8').replaceAll('"support-b"', '"support-a"');
      const started = await Server.start({
        carrier: carrier.at,
        passwords: { [DESK]: DESKS_PASSWORD },
        instead: {
          '[site]': `[site]\n${site}`,
          'number = "600"': `number = "600"\nshort_abandon = "0s"\ncallback_key = { digit = "2" }\n${queue}`,
          'timeout = "busy"': 'timeout = { flow = "queue-overflow" }\nkey = { flow = "queue-overflow" }',
        },
        files: { 'queue-overflow.json': flow },
        more: '[flows]\nqueue-overflow = { file = "queue-overflow.json" }\n',
      });
      server = started;
      const web = await Web.start(() => started.http);
      await started.ask('POST', `/api/agents/${DESK}`, { action: 'sign_out' });
      return new FarHouse(far, carrier, started, web);
    } catch (thrown) {
      await server?.stop();
      await far.stop();
      throw thrown;
    }
  }

  /** Somebody at a page whose microphone hears this tone, in hertz; ready to be called. */
  async comes(name: string, tone: number): Promise<Person> {
    const browser = await openSoftphone(tone);
    this.#browsers.push(browser);
    return this.at(browser, name);
  }

  /** Somebody at a page of this browser. */
  async at(browser: Browser, name: string): Promise<Person> {
    const person = await Person.come(browser, this.web.url);
    this.#people.push(person);
    await atPhone(person, name);
    return person;
  }

  /** The telephone on the desk of {@link DESK}, registered. */
  desk(): Promise<FarPhone> {
    return this.far.desk(DESK, DESKS_PASSWORD, this.server.sip);
  }

  /** A customer calls the queue and is in its line. */
  async calls(from: string, to = SUPPORT): Promise<FarCall> {
    const call = await this.carrier.dial(`sip:${to}@${this.server.sip}`, from);
    await call.answered();
    return call;
  }

  does(agent: string, action: string): Promise<unknown> {
    return this.server.ask('POST', `/api/agents/${agent}`, { action });
  }

  /** Everybody leaves; the next test begins with an empty house. After a test that failed, pictures of what stood there remain. */
  async empty(failed?: string): Promise<string[]> {
    if (failed !== undefined) {
      for (const [n, person] of this.#people.entries())
        await person.picture(`failed ${failed.slice(0, 40)} ${n}`).catch(() => {});
    }
    await this.far.hangUpAll();
    const complaints = this.#people.flatMap(person => person.complaints);
    for (const person of this.#people.splice(0)) await person.leave().catch(() => {});
    for (const browser of this.#browsers.splice(0)) await browser.close();
    for (const agent of ['2014', '2011']) {
      await this.#free(agent);
      await this.does(agent, 'sign_out').catch(() => {});
      await this.does(agent, 'sign_in');
    }
    return complaints;
  }

  /** Waits until nothing has the agent in hand, and ends the wrap-up. */
  async #free(agent: string): Promise<void> {
    const end = Date.now() + 45_000;
    for (;;) {
      const { items } = await this.server.ask<{ items: { key: string; state: string; call?: string }[] }>(
        'GET',
        '/api/agents',
      );
      const one = items.find(({ key }) => key === agent);
      if (one?.state === 'wrap_up') await this.does(agent, 'end_wrap_up').catch(() => {});
      else if ((one?.call ?? null) === null) return;
      if (Date.now() > end) throw new Error(`${agent} is not free: ${JSON.stringify(one)}`);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  async close(): Promise<void> {
    await this.empty();
    await this.web.stop();
    await this.server.stop();
    await this.far.stop();
  }
}

/** Signs somebody in at a page that has ears, and waits until its phone stands. */
export async function atPhone(person: Person, name: string): Promise<Person> {
  await giveEars(person.page);
  await person.page.goto('/');
  await person.signIn(name);
  await ready(person);
  return person;
}

/** The phone of the page stands: nothing is said of it above the keys. */
export async function ready({ page }: Person): Promise<void> {
  await page.locator('aside [data-call]').waitFor();
  await page.getByText('The phone connects.').waitFor({ state: 'hidden' });
  await page
    .locator('aside section[data-call] > [role=status]')
    .waitFor({ state: 'detached', timeout: 30_000 });
}

/** A button of the panel. */
export const button = ({ page }: Person, name: string | RegExp) =>
  page.locator('aside').getByRole('button', typeof name === 'string' ? { name, exact: true } : { name });

/** The panel shows this. */
export const shows = ({ page }: Person, what: string, within = 15_000) =>
  page.locator(`[data-call=${what}]`).waitFor({ timeout: within });

/** Presses a button of the block that has stood for a moment. */
export async function presses(person: Person, name: string | RegExp): Promise<void> {
  await person.page.locator('[data-rests]').waitFor({ state: 'detached' });
  await button(person, name).click();
}

/** It rings at somebody, who accepts. */
export async function accepts(person: Person, within?: number): Promise<void> {
  await shows(person, 'ringing', within);
  await presses(person, /^Accept/);
  await shows(person, 'talking');
}

/** Looks for somebody to hand over to, and does with them what the button says. */
export async function hands(person: Person, to: string, how: 'Transfer' | 'Consult'): Promise<void> {
  const { page } = person;
  await page.getByLabel(/^(Name or number|Whom to add)$/).fill(to);
  const row = page.locator('aside li').filter({ hasText: to }).first();
  await row.getByRole('button', { name: how, exact: true }).click();
}
