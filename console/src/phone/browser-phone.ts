import { isFailure } from '@/api';
import { type LineHears, NotReached, type PageLine, type Way } from './line';
import { PHONE_OFF, type Phone, type PhoneProblem, type PhoneShown } from './phone';

/** What the phone needs of the browser and the server. */
export interface PhoneParts {
  /** Whether the page came in a way in which browsers give a microphone. */
  secure(): boolean;
  /** The microphone with this id, or the system's. */
  listen(microphone: string): Promise<MediaStream>;
  connect(stream: MediaStream, hears: LineHears): Promise<PageLine>;
  /** Ends a connection, and the calls on it. */
  putAway(connection: number): void;
  /** Lets what comes in be heard; null for nothing. */
  play(stream: MediaStream | null, speaker: string): void;
  tabs(hear: (here: boolean) => void): { want(): void; takeOver(): void; leave(): void };
  now(): number;
}

/** Pauses between tries to connect again, in milliseconds; the last holds for all further ones. */
export const TRIES = [300, 1_000, 2_000, 4_000, 8_000];

/** The phone in this page: a microphone, a loudspeaker and one connection that is taken up again until it stands. */
export class BrowserPhone implements Phone {
  readonly #parts: PhoneParts;
  readonly #tabs: ReturnType<PhoneParts['tabs']>;
  readonly #hearers = new Set<() => void>();
  #shown: PhoneShown = PHONE_OFF;
  #line: PageLine | null = null;
  #stream: MediaStream | null = null;
  /** The live line has shown our connection as the one that is the phone. */
  #seen = false;
  /** Counts the beginnings, so that what was begun before knows that it is late. */
  #turn = 0;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: PhoneParts) {
    this.#parts = parts;
    this.#tabs = parts.tabs(here => (here ? void this.#connect() : this.#yield()));
  }

  shown(): PhoneShown {
    return this.#shown;
  }

  subscribe(hear: () => void): () => void {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  open(): Promise<void> {
    if (!this.#parts.secure()) {
      this.#change({ state: 'refused', problem: 'insecure' });
    } else if (this.#shown.state === 'off' || this.#shown.state === 'refused') {
      this.#tabs.leave();
      this.#change({ state: 'connecting', problem: null });
      this.#tabs.want();
    } else if (this.#shown.state === 'lost') {
      this.hurry();
    }
    return Promise.resolve();
  }

  /** Becomes the phone in place of another tab or browser. */
  takeOver(): void {
    this.#change({ state: 'connecting', problem: null });
    this.#tabs.takeOver();
  }

  /** Puts the phone away; the calls on it end. */
  close(): void {
    const connection = this.#line?.connection;
    this.#drop();
    this.#tabs.leave();
    if (connection !== undefined) this.#parts.putAway(connection);
    this.#change({ state: 'off', problem: null, muted: false, lostSince: null });
  }

  mute(muted: boolean): void {
    this.#change({ muted });
    this.#listen();
  }

  async choose(devices: Partial<Pick<PhoneShown, 'microphone' | 'speaker'>>): Promise<void> {
    this.#change(devices);
    if (devices.microphone === undefined || this.#stream === null) return;
    let stream: MediaStream;
    try {
      stream = await this.#parts.listen(devices.microphone);
    } catch (thrown) {
      this.#change({ problem: problemOf(thrown) });
      return;
    }
    stop(this.#stream);
    this.#stream = stream;
    this.#listen();
    const [track] = stream.getAudioTracks();
    if (track !== undefined) await this.#line?.replace(track);
    this.#change({ problem: null });
  }

  /** What the microphone hears, for a meter; nothing while the phone is off. */
  stream(): MediaStream | null {
    return this.#stream;
  }

  way(): Promise<Way | null> {
    return this.#line?.way() ?? Promise.resolve(null);
  }

  /** How many packets of audio have come in; nothing while there is no connection. */
  received(): Promise<number | null> {
    return this.#line?.received() ?? Promise.resolve(null);
  }

  /** The network is back, or somebody does not want to wait: tries at once. */
  hurry(): void {
    if (this.#shown.state === 'lost') void this.#connect();
  }

  /** Takes over which connection the server has for the phone now. */
  serverHas(connection: number | null): void {
    if (this.#line === null) return;
    if (connection === this.#line.connection) this.#seen = true;
    else if (this.#seen && connection === null) this.#lost();
    else if (this.#seen) this.#yield();
  }

  async #connect(): Promise<void> {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    this.#hangOut();
    if (this.#stream === null) {
      try {
        const stream = await this.#parts.listen(this.#shown.microphone);
        if (turn !== this.#turn) return stop(stream);
        this.#stream = stream;
        this.#listen();
      } catch (thrown) {
        if (turn !== this.#turn) return;
        this.#tabs.leave();
        this.#change({ state: 'refused', problem: problemOf(thrown) });
        return;
      }
    }
    try {
      const line = await this.#parts.connect(this.#stream, {
        audio: stream => turn === this.#turn && this.#parts.play(stream, this.#shown.speaker),
        lost: () => turn === this.#turn && this.#lost(),
      });
      if (turn !== this.#turn) return line.close();
      this.#line = line;
      this.#tries = 0;
      this.#change({ state: 'ready', problem: null, lostSince: null });
    } catch (thrown) {
      if (turn === this.#turn) this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): void {
    if (isFailure(thrown, 'no_phones') || isFailure(thrown, 'no_agent')) {
      this.#drop();
      this.#tabs.leave();
      this.#change({ state: 'off', problem: 'unavailable', lostSince: null });
    } else {
      this.#lost(thrown instanceof NotReached ? 'udp' : 'server');
    }
  }

  #lost(problem: PhoneProblem | null = null): void {
    this.#hangOut();
    this.#turn += 1;
    const pause = TRIES[Math.min(this.#tries, TRIES.length - 1)] ?? 0;
    this.#tries += 1;
    this.#timer = setTimeout(() => void this.#connect(), pause);
    this.#change({ state: 'lost', problem, lostSince: this.#shown.lostSince ?? this.#parts.now() });
  }

  /** Another tab or browser is the phone now. */
  #yield(): void {
    this.#drop();
    this.#change({ state: 'elsewhere', problem: null, lostSince: null });
  }

  #hangOut(): void {
    this.#line?.close();
    this.#line = null;
    this.#seen = false;
  }

  #drop(): void {
    this.#turn += 1;
    this.#tries = 0;
    clearTimeout(this.#timer);
    this.#hangOut();
    if (this.#stream !== null) stop(this.#stream);
    this.#stream = null;
    this.#parts.play(null, '');
  }

  #listen(): void {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !this.#shown.muted;
  }

  #change(change: Partial<PhoneShown>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const hear of this.#hearers) hear();
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Why there is no microphone, by the names of the Media Capture specification. */
export function problemOf(thrown: unknown): PhoneProblem {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'missing';
}
