import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Line, type Link, LiveSocket, PAUSES, SILENCE } from './socket';

class FakeLine implements Line {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  readonly cursor: string | null;
  constructor(cursor: string | null) {
    this.cursor = cursor;
  }
  close() {
    this.closed = true;
  }
}

function world() {
  const lines: FakeLine[] = [];
  const links: Link[] = [];
  const state = { cursor: null as string | null, good: true, signedIn: true };
  const socket = new LiveSocket({
    open(cursor) {
      const line = new FakeLine(cursor);
      lines.push(line);
      return line;
    },
    cursor: () => state.cursor,
    onOpen: () => {},
    onText: text => {
      if (state.good) state.cursor = text;
      else state.cursor = null;
      return state.good;
    },
    onLink: link => links.push(link),
    stillSignedIn: () => Promise.resolve(state.signedIn),
    chance: () => 0.5,
    now: () => 77,
  });
  const line = () => lines.at(-1) as FakeLine;
  const up = (text: string) => {
    line().onopen?.();
    line().onmessage?.({ data: text });
  };
  return { socket, lines, links, state, line, up };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a live connection', () => {
  it('says that it stands once something was shown', () => {
    const { socket, links, up } = world();
    socket.start();
    expect(links).toEqual([{ state: 'connecting' }]);
    up('c0');
    up('c1');
    expect(links).toEqual([{ state: 'connecting' }, { state: 'connected' }]);
  });

  it('goes on from the last cursor after a break', async () => {
    const { socket, lines, links, line, up } = world();
    socket.start();
    up('c7');
    line().onclose?.({ code: 1006 });
    expect(links.at(-1)).toEqual({ state: 'reconnecting', since: 77 });
    await vi.advanceTimersByTimeAsync(PAUSES[0] as number);
    expect(lines).toHaveLength(2);
    expect(line().cursor).toBe('c7');
    up('c8');
    expect(links.at(-1)).toEqual({ state: 'connected' });
  });

  it('asks for a snapshot after a gap', async () => {
    const { socket, lines, state, line, up } = world();
    socket.start();
    up('c7');
    state.good = false;
    line().onmessage?.({ data: 'gap' });
    expect(lines[0]?.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(PAUSES[0] as number);
    expect(line().cursor).toBeNull();
  });

  it('waits longer each time, and begins anew once it was up', async () => {
    const { socket, lines, line, up } = world();
    socket.start();
    for (const pause of [...PAUSES, PAUSES.at(-1) as number]) {
      const before = lines.length;
      line().onclose?.({ code: 1006 });
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(lines).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(lines).toHaveLength(before + 1);
    }
    up('c1');
    line().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(PAUSES[0] as number);
    expect(lines).toHaveLength(PAUSES.length + 3);
  });

  it('takes silence for the end of the connection', () => {
    const { socket, links, line, up } = world();
    socket.start();
    up('c1');
    vi.advanceTimersByTime(SILENCE - 1);
    line().onmessage?.({ data: 'c2' });
    vi.advanceTimersByTime(SILENCE - 1);
    expect(links.at(-1)).toEqual({ state: 'connected' });
    vi.advanceTimersByTime(1);
    expect(links.at(-1)?.state).toBe('reconnecting');
    expect(line().closed).toBe(true);
  });

  it('tries nothing more when the sign-in has ended, until somebody signs in', async () => {
    const { socket, lines, links, line, up } = world();
    socket.start();
    up('c1');
    line().onclose?.({ code: 4401 });
    expect(links.at(-1)).toEqual({ state: 'ended', barred: false });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines).toHaveLength(1);
    socket.start();
    expect(line().cursor).toBe('c1');
  });

  it('knows that nobody can sign in as a user who is disabled or removed', async () => {
    const { socket, lines, links, line, up } = world();
    socket.start();
    up('c1');
    line().onclose?.({ code: 4403 });
    expect(links.at(-1)).toEqual({ state: 'ended', barred: true });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines).toHaveLength(1);
  });

  it('finds out why a connection never opened', async () => {
    const { socket, links, state, line } = world();
    state.signedIn = false;
    socket.start();
    line().onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(PAUSES[0] as number);
    expect(links.at(-1)).toEqual({ state: 'ended', barred: false });
  });

  it('hurries when the network is back', () => {
    const { socket, lines, line, up } = world();
    socket.start();
    up('c1');
    socket.hurry();
    expect(lines).toHaveLength(1);
    line().onclose?.({ code: 1006 });
    socket.hurry();
    expect(lines).toHaveLength(2);
  });

  it('is quiet after it was stopped', async () => {
    const { socket, lines, links, line, up } = world();
    socket.start();
    up('c1');
    const { onclose } = line();
    socket.stop();
    onclose?.({ code: 1006 });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lines).toHaveLength(1);
    expect(links.at(-1)).toEqual({ state: 'connected' });
  });
});
