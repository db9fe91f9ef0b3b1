import { expect, it, vi } from 'vitest';
import { FakePhone } from './fake';

it('tells each change to whoever listens, and makes a new value of it', async () => {
  const phone = new FakePhone();
  const before = phone.shown();
  const heard = vi.fn();
  const end = phone.subscribe(heard);
  await phone.open();
  phone.mute(true);
  expect(phone.shown()).toEqual({ ...before, state: 'ready', muted: true });
  expect(before.state).toBe('off');
  end();
  phone.close();
  expect(heard).toHaveBeenCalledTimes(2);
  expect(phone.shown()).toMatchObject({ state: 'off', muted: false });
});

it('says so where there is no microphone', async () => {
  const phone = new FakePhone();
  phone.allowed = false;
  await phone.open();
  expect(phone.shown().state).toBe('refused');
});
