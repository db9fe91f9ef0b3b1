import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failure } from '@/api';
import { BrowserPhone, type PhoneParts, TRIES } from './browser-phone';
import { type LineHears, NotReached, type PageLine } from './line';

class FakeTrack {
  enabled = true;
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

function fakes() {
  const track = new FakeTrack();
  const stream = {
    getAudioTracks: () => [track],
    getTracks: () => [track],
  } as unknown as MediaStream;
  const made: { hears: LineHears; line: PageLine; closed: boolean }[] = [];
  let here: (here: boolean) => void = () => {};
  const tabs = { want: () => here(true), takeOver: () => here(true), leave: vi.fn() };
  const parts = {
    secure: (): boolean => true,
    listen: vi.fn(() => Promise.resolve(stream)),
    connect: vi.fn((_: MediaStream, hears: LineHears) => {
      const one = { hears, closed: false } as (typeof made)[number];
      one.line = {
        connection: made.length + 1,
        replace: () => Promise.resolve(),
        way: () => Promise.resolve(null),
        received: () => Promise.resolve(null),
        close: () => void (one.closed = true),
      };
      made.push(one);
      return Promise.resolve(one.line);
    }),
    putAway: vi.fn(),
    play: vi.fn(),
    tabs: (hear: (here: boolean) => void) => {
      here = hear;
      return tabs;
    },
    now: () => 5_000,
  } satisfies PhoneParts;
  const phone = new BrowserPhone(parts);
  return { phone, parts, made, track, tab: (is: boolean) => here(is) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the phone in the browser', () => {
  it('is ready once audio gets through, and silent when muted', async () => {
    const { phone, track } = fakes();
    await phone.open();
    expect(phone.shown().state).toBe('connecting');
    await settle();
    expect(phone.shown().state).toBe('ready');
    phone.mute(true);
    expect(track.enabled).toBe(false);
    phone.mute(false);
    expect(track.enabled).toBe(true);
  });

  it('says what is wrong with the microphone, and tries again when it is asked', async () => {
    const { phone, parts } = fakes();
    parts.listen.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    await phone.open();
    await settle();
    expect(phone.shown()).toMatchObject({ state: 'refused', problem: 'denied' });
    await phone.open();
    await settle();
    expect(phone.shown()).toMatchObject({ state: 'ready', problem: null });
  });

  it('does not even ask on a page that is not secure', async () => {
    const { phone, parts } = fakes();
    parts.secure = () => false;
    await phone.open();
    expect(phone.shown()).toMatchObject({ state: 'refused', problem: 'insecure' });
    expect(parts.listen).not.toHaveBeenCalled();
  });

  it('takes the audio up again with the same microphone after a loss', async () => {
    const { phone, parts, made } = fakes();
    await phone.open();
    await settle();
    made[0]?.hears.lost();
    expect(phone.shown()).toMatchObject({ state: 'lost', lostSince: 5_000 });
    expect(made[0]?.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(TRIES[0] ?? 0);
    expect(phone.shown()).toMatchObject({ state: 'ready', lostSince: null });
    expect(parts.listen).toHaveBeenCalledOnce();
  });

  it('goes on trying while the server is away, and says when UDP is blocked', async () => {
    const { phone, parts } = fakes();
    parts.connect.mockRejectedValueOnce(Failure.unreachable());
    parts.connect.mockRejectedValueOnce(new NotReached());
    await phone.open();
    await settle();
    expect(phone.shown()).toMatchObject({ state: 'lost', problem: 'server' });
    await vi.advanceTimersByTimeAsync(TRIES[0] ?? 0);
    expect(phone.shown()).toMatchObject({ state: 'lost', problem: 'udp' });
    await vi.advanceTimersByTimeAsync(TRIES[1] ?? 0);
    expect(phone.shown().state).toBe('ready');
  });

  it('gives up where the server serves no phones', async () => {
    const { phone, parts } = fakes();
    parts.connect.mockRejectedValueOnce(new Failure(503, { code: 'no_phones', message: 'none' }));
    await phone.open();
    await settle();
    expect(phone.shown()).toMatchObject({ state: 'off', problem: 'unavailable' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(parts.connect).toHaveBeenCalledOnce();
  });

  it('yields to another tab and to another browser, and gives the microphone back', async () => {
    const { phone, made, track, tab } = fakes();
    await phone.open();
    await settle();
    tab(false);
    expect(phone.shown().state).toBe('elsewhere');
    expect([made[0]?.closed, track.stopped]).toEqual([true, true]);
    phone.takeOver();
    await settle();
    phone.serverHas(2);
    phone.serverHas(7);
    expect(phone.shown().state).toBe('elsewhere');
  });

  it('does not take an older row of the live line for a loss', async () => {
    const { phone, parts } = fakes();
    await phone.open();
    await settle();
    phone.serverHas(null);
    expect(phone.shown().state).toBe('ready');
    phone.serverHas(1);
    phone.serverHas(null);
    expect(phone.shown().state).toBe('lost');
    await vi.advanceTimersByTimeAsync(TRIES[0] ?? 0);
    expect(parts.connect).toHaveBeenCalledTimes(2);
  });

  it('puts its connection away when it is closed', async () => {
    const { phone, parts } = fakes();
    await phone.open();
    await settle();
    phone.close();
    expect(parts.putAway).toHaveBeenCalledWith(1);
    expect(phone.shown().state).toBe('off');
  });
});
