/** How the page stands to its server. */
export type Link =
  | { state: 'connecting' }
  | { state: 'connected' }
  /** Since when, by our own clock. */
  | { state: 'reconnecting'; since: number }
  /** The sign-in has ended: nothing is tried until somebody signs in. `barred`: that nobody can, the user is disabled or removed. */
  | { state: 'ended'; barred: boolean };

/** The part of a WebSocket that is used here. */
export interface Line {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export interface LiveSocketSettings {
  /** Opens a connection that goes on from this cursor. */
  open(cursor: string | null): Line;
  /** Where the last message left off. */
  cursor(): string | null;
  /** A connection begins. */
  onOpen(): void;
  /** Takes a message; false asks for a new connection without a cursor. */
  onText(text: string): boolean;
  onLink(link: Link): void;
  /** A connection that never opened does not say why: is the sign-in still good? */
  stillSignedIn(): Promise<boolean>;
  /** Chance from 0 to 1, so that a thousand pages do not come back at once. */
  chance?(): number;
  /** Our own clock, in milliseconds. */
  now?(): number;
}

/** Pauses between tries, in milliseconds; the last holds for all further ones. */
export const PAUSES = [300, 1_000, 2_000, 4_000, 8_000, 15_000];

/** The server says something every 15 s; after so long without a word the connection is dead. */
export const SILENCE = 30_000;

/** What the server says as it closes when the sign-in has ended. */
const SIGN_IN_ENDED = 4401;

/** What it says as it closes when the user is disabled or removed. */
const BARRED = 4403;

/** Keeps one live connection up: goes on after breaks, and gives up only when the sign-in has ended. */
export class LiveSocket {
  readonly #settings: LiveSocketSettings;
  #line: Line | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #brokenSince: number | null = null;
  #stopped = true;

  constructor(settings: LiveSocketSettings) {
    this.#settings = settings;
  }

  /** Connects, also after {@link stop} or an ended sign-in. */
  start(): void {
    this.stop();
    this.#stopped = false;
    this.#tries = 0;
    this.#brokenSince = null;
    this.#settings.onLink({ state: 'connecting' });
    this.#connect();
  }

  /** Closes the connection and tries no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** The network is back, or the page was woken: tries at once instead of after the pause. */
  hurry(): void {
    if (this.#stopped || this.#line !== null) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #connect(): void {
    const line = this.#settings.open(this.#settings.cursor());
    let opened = false;
    this.#line = line;
    this.#listen();
    line.onopen = () => {
      opened = true;
      this.#settings.onOpen();
    };
    line.onmessage = ({ data }) => {
      this.#listen();
      if (this.#settings.onText(String(data))) {
        this.#tries = 0;
        if (this.#brokenSince !== null || !this.#told) {
          this.#brokenSince = null;
          this.#told = true;
          this.#settings.onLink({ state: 'connected' });
        }
      } else {
        this.#broken();
      }
    };
    line.onclose = ({ code }) => {
      if (code === SIGN_IN_ENDED || code === BARRED) this.#ended(code === BARRED);
      else this.#broken(!opened);
    };
  }

  /** Whether it was said that the connection stands. */
  #told = false;

  #listen(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#broken(), SILENCE);
  }

  #drop(): void {
    clearTimeout(this.#silence);
    const line = this.#line;
    this.#line = null;
    this.#told = false;
    if (line === null) return;
    line.onopen = line.onmessage = line.onclose = null;
    line.close();
  }

  #ended(barred = false): void {
    this.stop();
    this.#settings.onLink({ state: 'ended', barred });
  }

  #broken(neverOpened = false): void {
    if (this.#stopped) return;
    this.#drop();
    this.#brokenSince ??= (this.#settings.now ?? Date.now)();
    this.#settings.onLink({ state: 'reconnecting', since: this.#brokenSince });
    const pause = PAUSES[Math.min(this.#tries, PAUSES.length - 1)] ?? 0;
    this.#tries += 1;
    const share = 0.75 + (this.#settings.chance ?? Math.random)() / 2;
    this.#timer = setTimeout(() => void this.#again(neverOpened), pause * share);
  }

  async #again(ask: boolean): Promise<void> {
    if (ask && !(await this.#settings.stillSignedIn())) {
      if (!this.#stopped) this.#ended();
      return;
    }
    if (!this.#stopped && this.#line === null) this.#connect();
  }
}
