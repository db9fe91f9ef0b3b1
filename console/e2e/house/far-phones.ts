import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The program that is the phones; built beside the server, or named by the environment. */
const PROGRAM =
  process.env.NOHOLD_FAR_PHONES ?? new URL('../../../target/debug/far-phones', import.meta.url).pathname;

/** Nothing that a phone is asked takes longer, on a busy machine, in milliseconds. */
const SOON = 20_000;

/** Within this a tone is the tone, in hertz. */
const NEAR = 15;

/** A frequency that is this loud, in dBFS, is in what is heard; one this quiet is not. */
const THERE = -30;
const AWAY = -45;

interface Happened {
  event: 'incoming' | 'answered' | 'ended';
  call: number;
  phone?: string;
  caller?: string;
  caller_name?: string | null;
  called?: string;
  by?: 'us' | 'them' | 'nobody';
  why?: string;
}

/** What a far phone heard within a second. */
export interface Heard {
  sound: 'nothing' | 'silence' | 'tone' | 'other';
  hz: number | null;
  /** dBFS of all together. */
  loud: number;
  seconds: number;
  /** dBFS of the frequencies that were asked for. */
  levels: number[];
}

/** Real telephones, elsewhere: each has a SIP stack, an ear and a mouth of its own, and an address of its own. */
export class FarPhones {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #asked = new Map<number, { done(ok: unknown): void; failed(why: Error): void }>();
  readonly #happened: Happened[] = [];
  readonly #hearers = new Set<() => void>();
  readonly #calls = new Set<number>();
  #next = 0;
  #gone: string | null = null;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#process = child;
    createInterface({ input: child.stdout }).on('line', line => this.#hear(line));
    child.stderr.on('data', (piece: Buffer) => process.stderr.write(piece));
    child.once('error', thrown =>
      this.#end(`do not start, ${thrown.message}; build them with cargo build --bin far-phones`),
    );
    child.once('exit', code => this.#end(`ended with ${code}`));
  }

  static start(): FarPhones {
    return new FarPhones(spawn(PROGRAM));
  }

  async stop(): Promise<void> {
    if (this.#gone !== null) return;
    const gone = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    await gone;
  }

  /** A phone that is not registered anywhere: a carrier, behind whom all customers are. */
  async carrier(): Promise<FarPhone> {
    return this.#plugIn('carrier', { user: 'carrier' });
  }

  /** The desk phone of an extension, registered. */
  async desk(extension: string, password: string, server: string): Promise<FarPhone> {
    const phone = await this.#plugIn(`desk ${extension}`, { user: extension, password, server });
    await this.ask('register', { phone: phone.name });
    return phone;
  }

  async #plugIn(name: string, more: Record<string, unknown>): Promise<FarPhone> {
    const { at } = await this.ask<{ at: string }>('plug_in', { phone: name, ...more });
    return new FarPhone(this, name, at);
  }

  ask<T = null>(order: string, more: Record<string, unknown>): Promise<T> {
    if (this.#gone !== null) return Promise.reject(new Error(`the far phones ${this.#gone}`));
    const id = (this.#next += 1);
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        reject(new Error(`the far phones do not answer to ${order} ${JSON.stringify(more)}`));
      }, SOON);
      this.#asked.set(id, {
        done(ok) {
          clearTimeout(timer);
          resolve(ok as T);
        },
        failed(why) {
          clearTimeout(timer);
          reject(why);
        },
      });
      this.#process.stdin.write(`${JSON.stringify({ id, do: order, ...more })}\n`);
    });
  }

  /** The first event that fits, and that nobody has taken before. */
  async happens(what: string, fits: (one: Happened) => boolean, within = SOON): Promise<Happened> {
    const end = Date.now() + within;
    for (;;) {
      const found = this.#happened.find(fits);
      if (found !== undefined) {
        this.#happened.splice(this.#happened.indexOf(found), 1);
        return found;
      }
      if (this.#gone !== null) throw new Error(`the far phones ${this.#gone}`);
      const left = end - Date.now();
      if (left <= 0) throw new Error(`waited ${within} ms for ${what}, and it did not come`);
      await new Promise<void>(resolve => {
        const done = () => {
          clearTimeout(timer);
          this.#hearers.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.#hearers.add(done);
      });
    }
  }

  /** Ends all conversations, and forgets what has happened. */
  async hangUpAll(): Promise<void> {
    for (const call of [...this.#calls]) await this.ask('hang_up', { call }).catch(() => {});
    this.#happened.length = 0;
  }

  /** Whether something has happened that nobody has taken. */
  has(fits: (one: Happened) => boolean): boolean {
    return this.#happened.some(fits);
  }

  #hear(line: string): void {
    const said = JSON.parse(line) as Happened | { re: number; ok?: unknown; error?: string };
    if ('event' in said) {
      this.#happened.push(said);
      if (said.event === 'answered') this.#calls.add(said.call);
      if (said.event === 'ended') this.#calls.delete(said.call);
      for (const hear of [...this.#hearers]) hear();
      return;
    }
    const asked = this.#asked.get(said.re);
    this.#asked.delete(said.re);
    if (said.error === undefined) asked?.done(said.ok);
    else asked?.failed(new Error(said.error));
  }

  #end(why: string): void {
    this.#gone ??= why;
    for (const { failed } of this.#asked.values()) failed(new Error(`the far phones ${why}`));
    this.#asked.clear();
    for (const hear of [...this.#hearers]) hear();
  }
}

/** A telephone. */
export class FarPhone {
  readonly name: string;
  /** Its address and port. */
  readonly at: string;
  readonly #all: FarPhones;

  constructor(all: FarPhones, name: string, at: string) {
    [this.#all, this.name, this.at] = [all, name, at];
  }

  /** Calls a number at its own server, or a SIP URI. */
  async dial(to: string, from?: string): Promise<FarCall> {
    const { call } = await this.#all.ask<{ call: number }>('dial', { phone: this.name, to, from });
    return new FarCall(this.#all, call);
  }

  /** The next call that rings here. */
  async rings(within?: number): Promise<FarCall & { caller: string; called: string }> {
    const fits = (one: Happened) => one.event === 'incoming' && one.phone === this.name;
    const { call, caller, called } = await this.#all.happens(`a call to ${this.name}`, fits, within);
    return Object.assign(new FarCall(this.#all, call), { caller: caller ?? '', called: called ?? '' });
  }

  /** Whether it rings, or has rung and nobody has taken it. */
  hasRung(): boolean {
    return this.#all.has(one => one.event === 'incoming' && one.phone === this.name);
  }
}

/** A call at a far phone. */
export class FarCall {
  readonly #all: FarPhones;
  readonly #call: number;

  constructor(all: FarPhones, call: number) {
    [this.#all, this.#call] = [all, call];
  }

  #ask<T = null>(order: string, more: Record<string, unknown> = {}): Promise<T> {
    return this.#all.ask<T>(order, { call: this.#call, ...more });
  }

  async answer(): Promise<void> {
    await this.#ask('answer');
    await this.answered();
  }

  decline = (status: number) => this.#ask('decline', { status });
  tone = (hz: number | null) => this.#ask('tone', { hz });
  press = (keys: string) => this.#ask('press', { keys });
  hangUp = () => this.#ask('hang_up');
  digits = () => this.#ask<string>('digits');
  log = () => this.#ask<string>('log');
  listen = (at: number[] = []) => this.#ask<Heard>('listen', { at });

  async answered(within?: number): Promise<void> {
    await this.#all.happens('the answer', one => one.event === 'answered' && one.call === this.#call, within);
  }

  /** Waits until it is over; who ended it. */
  async ended(within?: number): Promise<'us' | 'them' | 'nobody'> {
    const fits = (one: Happened) => one.event === 'ended' && one.call === this.#call;
    return (await this.#all.happens('the end of the call', fits, within)).by ?? 'nobody';
  }

  isOver(): boolean {
    return this.#all.has(one => one.event === 'ended' && one.call === this.#call);
  }

  /** Waits until this tone is heard for a whole second; what was heard. */
  hears(hz: number, within?: number): Promise<Heard> {
    return this.#waits(
      `a tone of ${hz} Hz`,
      heard => heard.hz !== null && Math.abs(heard.hz - hz) <= NEAR,
      [],
      within,
    );
  }

  /** Waits until there is neither silence nor a tone, and none of these frequencies stands out. */
  hearsMusic(without: number[], within?: number): Promise<Heard> {
    return this.#waits(
      `music without ${without.join(' and ')} Hz`,
      heard =>
        heard.sound === 'other' && heard.loud > AWAY && heard.levels.every(one => one < heard.loud - 6),
      without,
      within,
    );
  }

  hearsSilence(within?: number): Promise<Heard> {
    return this.#waits('silence', heard => heard.sound === 'silence', [], within);
  }

  /** Waits until all of these frequencies are heard at once, and none of the others. */
  hearsAll(there: number[], away: number[] = [], within?: number): Promise<Heard> {
    const fits = ({ levels }: Heard) =>
      levels.every((level, n) => (n < there.length ? level > THERE : level < AWAY));
    return this.#waits(`${there.join(' and ')} Hz at once`, fits, [...there, ...away], within);
  }

  async #waits(what: string, fits: (heard: Heard) => boolean, at: number[], within = 30_000): Promise<Heard> {
    const end = Date.now() + within;
    for (;;) {
      const heard = await this.listen(at);
      if (fits(heard)) return heard;
      if (Date.now() > end) {
        throw new Error(`waited for ${what}; heard ${JSON.stringify(heard)}\n${await this.log()}`);
      }
    }
  }
}
