/** The part of `navigator.locks` that is used here. */
export type Locks = Pick<LockManager, 'request'>;

const NAME = 'nohold.phone';

/**
 * One tab of a browser is the phone. The browser itself keeps the lock: a tab that is closed or has crashed gives it back, and
 * the next one that waits gets it.
 */
export class Tabs {
  readonly #locks: Locks;
  readonly #hear: (here: boolean) => void;
  #letGo: (() => void) | null = null;
  #waiting: AbortController | null = null;
  #wants = false;

  constructor(locks: Locks, hear: (here: boolean) => void) {
    this.#locks = locks;
    this.#hear = hear;
  }

  /** Becomes the phone where no other tab is; else says so, and becomes it when that one goes. */
  want(): void {
    if (this.#wants) return;
    this.#wants = true;
    this.#ask({ ifAvailable: true });
  }

  /** Becomes the phone, also where another tab is. */
  takeOver(): void {
    this.#wants = true;
    this.#waiting?.abort();
    this.#waiting = null;
    if (this.#letGo !== null) this.#hear(true);
    else this.#ask({ steal: true });
  }

  /** Is the phone no more, and does not wait to be. */
  leave(): void {
    this.#wants = false;
    this.#waiting?.abort();
    this.#waiting = null;
    this.#letGo?.();
    this.#letGo = null;
  }

  #ask(how: LockOptions): void {
    let mine: (() => void) | null = null;
    const held = this.#locks.request(NAME, how, lock => {
      if (lock === null) {
        if (this.#wants) this.#hear(false);
        this.#queue();
        return undefined;
      }
      if (!this.#wants) return undefined;
      return new Promise<void>(resolve => {
        mine = resolve;
        this.#letGo = resolve;
        this.#hear(true);
      });
    });
    void Promise.resolve(held).catch(() => {
      // Another tab has taken over, or we have stopped waiting.
      if (mine === null || this.#letGo !== mine) return;
      this.#letGo = null;
      if (!this.#wants) return;
      this.#hear(false);
      this.#queue();
    });
  }

  #queue(): void {
    if (!this.#wants) return;
    this.#waiting = new AbortController();
    this.#ask({ signal: this.#waiting.signal });
  }
}
