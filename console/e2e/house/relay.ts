import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { freePort } from './ports';

/** The TURN server that `cargo xtask setup` unpacks. */
const PROGRAM = new URL('../../../target/peers/asterisk/bin/turnserver', import.meta.url).pathname;

const START_WITHIN = 20_000;

/** Whether somebody takes connections at this port. */
function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const line = connect(port, '127.0.0.1');
    line.once('connect', () => resolve(true)).once('error', () => resolve(false));
    line.once('connect', () => line.destroy());
  });
}

/** A real TURN server (coturn) that takes nobody but over TCP, as behind a firewall that lets no UDP out. */
export class Relay {
  readonly #process: ChildProcess;
  readonly #folder: string;
  /** How the server is told of it. */
  readonly flags: readonly string[];

  private constructor(process: ChildProcess, folder: string, flags: readonly string[]) {
    [this.#process, this.#folder, this.flags] = [process, folder, flags];
  }

  static async start(): Promise<Relay> {
    const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'nohold-relay-'))];
    const [user, password] = ['nohold', 'secret of the relay'];
    const own = ['-L', '127.0.0.1', '-E', '127.0.0.1', '-p', `${port}`, '--allow-loopback-peers'];
    const only = ['--no-udp', '--no-tls', '-a', '-r', 'nohold', '-u', `${user}:${password}`];
    const files = ['-n', '--log-file', 'stdout', '--pidfile', join(folder, 'pid'), '-b', join(folder, 'db')];
    const child = spawn(PROGRAM, [...own, ...only, ...files], { cwd: folder });
    let said = '';
    const hear = (piece: Buffer) => (said += piece.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', thrown => (said += `${thrown.message}; cargo xtask setup gets it`));
    const end = Date.now() + START_WITHIN;
    while (!(await listens(port))) {
      const over = child.exitCode !== null || child.pid === undefined || Date.now() > end;
      if (over) throw new Error(`the TURN server does not start:\n${said}`);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    const url = `turn:127.0.0.1:${port}?transport=tcp`;
    return new Relay(child, folder, ['--turn', url, '--turn-user', user, '--turn-password', password]);
  }

  async stop(): Promise<void> {
    const gone = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Lets a page send through relays alone, as one that reaches nobody by UDP; to be called before the page is opened. */
export async function holdToRelays(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(how?: RTCConfiguration) {
        super({ ...how, iceTransportPolicy: 'relay' });
      }
    };
  });
}

/** The way that a page's packets go: the kind of its own end, and how that reaches the relay. */
export function way(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(async () => {
    const { peer } = window as unknown as { peer?: RTCPeerConnection };
    const all = [...((await peer?.getStats()) ?? new Map<string, Record<string, string>>()).values()];
    const pair = all.find(one => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
    const own = all.find(one => one.id === pair?.localCandidateId);
    return [own?.candidateType, own?.relayProtocol] as (string | undefined)[];
  });
}
