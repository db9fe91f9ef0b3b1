import { expect, it } from 'vitest';
import { type Locks, Tabs } from './tabs';

/** Locks as browsers keep them: one holder, a line, and whoever steals. */
class FakeLocks {
  #holder: { lose: (why: Error) => void } | null = null;
  readonly #line: (() => void)[] = [];

  request = ((_name: string, how: LockOptions, work: (lock: Lock | null) => unknown) => {
    const lock = {} as Lock;
    return new Promise((resolve, reject) => {
      const begin = () => {
        const holder = { lose: reject };
        this.#holder = holder;
        void Promise.resolve(work(lock)).then(value => {
          if (this.#holder === holder) {
            this.#holder = null;
            this.#line.shift()?.();
          }
          resolve(value);
        });
      };
      if (how.steal === true) {
        this.#holder?.lose(new DOMException('stolen', 'AbortError'));
        begin();
      } else if (this.#holder === null) begin();
      else if (how.ifAvailable === true) resolve(work(null));
      else {
        this.#line.push(begin);
        how.signal?.addEventListener('abort', () => {
          this.#line.splice(this.#line.indexOf(begin), 1);
          reject(new DOMException('aborted', 'AbortError'));
        });
      }
    });
  }) as unknown as Locks['request'];
}

const settled = () => new Promise(resolve => setTimeout(resolve));

function tab(locks: Locks) {
  const heard: boolean[] = [];
  return { heard, tabs: new Tabs(locks, here => heard.push(here)) };
}

it('makes the first tab the phone, and the second when that one leaves', async () => {
  const locks = new FakeLocks();
  const [one, two] = [tab(locks), tab(locks)];
  one.tabs.want();
  two.tabs.want();
  await settled();
  expect([one.heard, two.heard]).toEqual([[true], [false]]);
  one.tabs.leave();
  await settled();
  expect(two.heard).toEqual([false, true]);
});

it('lets a tab take over, and tells the one that was the phone', async () => {
  const locks = new FakeLocks();
  const [one, two] = [tab(locks), tab(locks)];
  one.tabs.want();
  two.tabs.want();
  await settled();
  two.tabs.takeOver();
  await settled();
  expect([one.heard, two.heard]).toEqual([
    [true, false],
    [false, true],
  ]);
  two.tabs.leave();
  await settled();
  expect(one.heard).toEqual([true, false, true]);
});

it('does not wait for what it no longer wants', async () => {
  const locks = new FakeLocks();
  const [one, two] = [tab(locks), tab(locks)];
  one.tabs.want();
  two.tabs.want();
  await settled();
  two.tabs.leave();
  one.tabs.leave();
  await settled();
  expect(two.heard).toEqual([false]);
});
