import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports';

/** The server's program; built by `cargo build`, or named by the environment. */
const PROGRAM =
  process.env.NOHOLD_PROGRAM ?? new URL('../../../target/debug/nohold', import.meta.url).pathname;
const HOUSE = new URL('./house.toml', import.meta.url).pathname;

/** A start on a busy machine. */
const START_WITHIN = 40_000;

/** A refusal, with what the server said. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, body: string) {
    super(`${status} ${body}`);
    this.status = status;
  }
}

/** What a test wants otherwise than `house.toml` has it. */
export interface Wishes {
  /** Address and port of the carrier. */
  carrier?: string;
  /** Passwords of desk phones, by extension. */
  passwords?: Record<string, string>;
  /** More lines, at the end. */
  more?: string;
  /** Files beside it, which these lines name. */
  files?: Record<string, string>;
  /** More flags for the program. */
  flags?: readonly string[];
  /** Other lines in place of some. */
  instead?: Record<string, string>;
}

/** A server of its own on free ports, in a folder of its own, with a call centre and three people. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'nohold-console-'));
  http = '';
  sip = '';
  #process: ChildProcess | undefined;
  #said = '';

  readonly #scenario: string;
  readonly #flags: readonly string[];

  private constructor(wishes: Wishes) {
    this.#scenario = join(this.folder, 'house.toml');
    this.#flags = wishes.flags ?? [];
    writeFileSync(this.#scenario, scenario(wishes));
    for (const [name, text] of Object.entries(wishes.files ?? {}))
      writeFileSync(join(this.folder, name), text);
  }

  static async start(wishes: Wishes = {}): Promise<Server> {
    const server = new Server(wishes);
    try {
      await server.start();
      await server.#people();
      return server;
    } catch (thrown) {
      await server.stop();
      throw thrown;
    }
  }

  /** Starts it, also again after {@link kill}, then on the same ports. */
  async start(): Promise<void> {
    const port = this.http === '' ? await freePort() : new URL(this.http).port;
    const flags = [...this.#flags, '--scenario', this.#scenario, '--data', join(this.folder, 'data')];
    flags.push('--sip', this.sip || `127.0.0.1:${await freePort()}`);
    const audio = 22_000 + Math.floor(Math.random() * 100) * 100;
    flags.push('--http', `127.0.0.1:${port}`, '--rtp-ports', `${audio}-${audio + 99}`);
    this.#said = '';
    const child = spawn(PROGRAM, ['serve', ...flags], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the server ${why}:\n${this.#said}`));
      const timer = setTimeout(() => fail('is not ready in time'), START_WITHIN);
      const hear = (piece: Buffer) => {
        this.#said += piece.toString();
        const ready = /ready: sip udp\/tcp ([\d.:]+), api (http:\S+)/.exec(this.#said);
        if (ready?.[1] && ready[2]) {
          [this.sip, this.http] = [ready[1], ready[2]];
          clearTimeout(timer);
          resolve();
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('error', thrown => fail(`does not start, ${thrown.message}; build it with cargo build`));
      child.once('exit', code => fail(`ended with ${code}`));
    });
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Asks the API as whoever runs this installation. */
  async ask<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const control = JSON.parse(readFileSync(join(this.folder, 'data', 'control.json'), 'utf8')) as {
      token: string;
    };
    const answer = await fetch(this.http + path, {
      method,
      headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, text);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  /** What it has said since its last start. */
  get said(): string {
    return this.#said;
  }

  /** Promises the customer of an entry a call until then, from now on, in milliseconds. */
  async promise(entry: string, within: number): Promise<void> {
    const now = Date.now();
    const window = { from: now + Math.min(1_000, within), to: now + within };
    await this.ask('POST', `/api/entries/${entry}/outcome`, { outcome: 'postpone', window });
  }

  async #people(): Promise<void> {
    const people = [
      { name: 'root', role: 'administrator' },
      { name: 'mia', role: 'agent', agent: '2014' },
      { name: 'priya', role: 'agent', agent: '2011' },
      { name: 'adam', role: 'supervisor', agent: '2001' },
    ];
    for (const person of people) await this.ask('POST', '/api/users', { ...person, password: PASSWORD });
    for (const agent of ['2014', '2011', '2001'])
      await this.ask('POST', `/api/agents/${agent}`, { action: 'sign_in' });
  }

  /** Somebody asks to be called; the answer is the entry. */
  async request(number: string, more: Record<string, unknown> = {}): Promise<string> {
    const target = { service: 'support' };
    const taken = await this.ask<{ entry: string }>('POST', '/api/requests', { number, target, ...more });
    return taken.entry;
  }
}

function scenario({ carrier, passwords = {}, more = '', instead = {} }: Wishes): string {
  let text = readFileSync(HOUSE, 'utf8');
  const put = (old: string, now: string) => {
    if (!text.includes(old)) throw new Error(`house.toml has no ${JSON.stringify(old)}`);
    text = text.replace(old, now);
  };
  if (carrier !== undefined) {
    const [host, port] = carrier.split(':');
    put('host = "127.0.0.2"\nport = 5060', `host = "${host}"\nport = ${port}\noptions_every = "never"`);
  }
  for (const [extension, password] of Object.entries(passwords))
    put(
      `[extensions.${extension}]\npassword = { generate = true }`,
      `[extensions.${extension}]\npassword = "${password}"`,
    );
  for (const [old, now] of Object.entries(instead)) put(old, now);
  return `${text}\n${more}`;
}

/** The password of everybody in the tests. */
export const PASSWORD = 'a password of the tests';
