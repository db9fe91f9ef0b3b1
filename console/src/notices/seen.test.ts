import { expect, it, vi } from 'vitest';

it('tells once, in one of several tabs, and not again after a reload', async () => {
  const first = await import('./seen');
  expect([first.isNewHere('r'), first.isFirstToTell('r')]).toEqual([true, true]);
  expect([first.isNewHere('r'), first.isFirstToTell('r')]).toEqual([false, false]);
  vi.resetModules();
  const reloaded = await import('./seen');
  expect([reloaded.isNewHere('r'), reloaded.isFirstToTell('r')]).toEqual([false, false]);
  expect([reloaded.isNewHere('s'), first.isNewHere('s')]).toEqual([true, true]);
  expect([reloaded.isFirstToTell('s'), first.isFirstToTell('s')]).toEqual([true, false]);
});
