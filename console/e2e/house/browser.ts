import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { PASSWORD } from './server.ts';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Where pictures of the pages go; none are made where the environment names no folder. */
const PICTURES = process.env.NOHOLD_PICTURES;

/** What the browser prints of things that the page deals with: refusals, broken lines, a machine without a sound card. */
const EXPECTED = [
  'Failed to load resource',
  'WebSocket connection to',
  'The AudioContext encountered an error',
];

export interface Looks {
  language?: 'en' | 'zh';
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
  still?: boolean;
}

/** A browser whose microphone hears this tone, in hertz, and whose pages may use it; with flags of Chromium, where some are named. */
export async function openSoftphone(tone: number, flags: readonly string[] = []): Promise<Browser> {
  const file = join(mkdtempSync(join(tmpdir(), 'nohold-tone-')), 'tone.wav');
  writeFileSync(file, wav(tone));
  const devices = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      ...devices,
      ...flags,
      `--use-file-for-fake-audio-capture=${file}`,
    ],
  });
}

/** Some seconds of a tone, whole waves, as 16-bit samples (RIFF). */
function wav(tone: number): Buffer {
  const rate = 48_000;
  const samples = rate * 4;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) {
    file.writeInt16LE(Math.round(9_000 * Math.sin((2 * Math.PI * tone * n) / rate)), 44 + n * 2);
  }
  return file;
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-audio-output', '--autoplay-policy=no-user-gesture-required'],
  });
}

/** Somebody at a page of their own, with a browser profile of their own. */
export class Person {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of: errors of scripts, and what the page's policy forbade. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', error => this.complaints.push(String(error)));
    page.on('console', message => {
      const text = message.text();
      if (message.type() === 'error' && !EXPECTED.some(one => text.startsWith(one)))
        this.complaints.push(text);
    });
  }

  static async come(browser: Browser, url: string, looks: Looks = {}): Promise<Person> {
    const { language = 'en', theme = 'light', width = 1360, height = 768, still = true } = looks;
    const context = await browser.newContext({
      baseURL: url,
      // The server makes its certificate itself.
      ignoreHTTPSErrors: url.startsWith('https:'),
      viewport: { width, height },
      locale: language === 'zh' ? 'zh-CN' : 'en-GB',
      timezoneId: 'Asia/Shanghai',
      colorScheme: theme,
      reducedMotion: still ? 'reduce' : 'no-preference',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    return new Person(context, page);
  }

  /** Comes, and signs in by the form. */
  static async signedIn(
    browser: Browser,
    url: string,
    name: string,
    looks: Looks & { path?: string } = {},
  ): Promise<Person> {
    const person = await Person.come(browser, url, looks);
    await person.page.goto(looks.path ?? '/');
    await person.signIn(name);
    return person;
  }

  async signIn(name: string): Promise<void> {
    const { page } = this;
    await page.locator('input[name=username]').fill(name);
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.locator('form button[type=submit]').click();
    await page.locator('[data-state=connected]').waitFor({ timeout: 60_000 });
  }

  /** Chooses a language by the menu in the header. */
  async speaks(language: 'English' | '简体中文'): Promise<void> {
    const { page } = this;
    await page
      .locator('header')
      .getByRole('button', { name: /^(Language|语言)$/ })
      .click();
    await page.getByRole('menu').getByText(language, { exact: true }).click();
    await page.getByRole('menu').waitFor({ state: 'detached' });
    // Its words come from the server.
    await page.locator(`html[lang="${language === 'English' ? 'en' : 'zh-CN'}"]`).waitFor();
  }

  row(entry: string) {
    return this.page.locator(`[data-row="${entry}"]`);
  }

  async picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  async leave(): Promise<void> {
    await this.context.close();
  }
}
