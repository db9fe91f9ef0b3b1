import { PHONE_OFF, type Phone, type PhoneShown, type PhoneState } from './phone';

/** A phone without audio, for tests of what is drawn around one. */
export class FakePhone implements Phone {
  #shown: PhoneShown = PHONE_OFF;
  readonly #hearers = new Set<() => void>();
  /** Whether the browser gives the microphone. */
  allowed = true;

  shown(): PhoneShown {
    return this.#shown;
  }

  subscribe(hear: () => void): () => void {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  open(): Promise<void> {
    this.become(this.allowed ? 'ready' : 'refused');
    return Promise.resolve();
  }

  close(): void {
    this.#change({ state: 'off', muted: false });
  }

  mute(muted: boolean): void {
    this.#change({ muted });
  }

  choose(devices: Partial<Pick<PhoneShown, 'microphone' | 'speaker'>>): Promise<void> {
    this.#change(devices);
    return Promise.resolve();
  }

  /** What a network or another tab would do. */
  become(state: PhoneState): void {
    this.#change({ state });
  }

  #change(change: Partial<PhoneShown>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const hear of this.#hearers) hear();
  }
}
