import { vi } from 'vitest';

/** A tone that was heard: where, by the browser's id of the output, and how high, in hertz. */
interface Tone {
  output: string;
  frequency: number;
}

/**
 * Stands in for the sound of a browser, as jsdom has none; the answer fills with the tones that are heard. To be called once in a
 * file of tests: whatever makes sound keeps the context it has made for its first.
 */
export function listenToTones(): Tone[] {
  const heard: Tone[] = [];

  class Context {
    state: AudioContextState = 'suspended';
    readonly currentTime = 0;
    readonly destination = {};
    /** Empty is the system's output, as in a browser. */
    output = '';

    setSinkId(output: string): Promise<void> {
      this.output = output;
      return Promise.resolve();
    }

    resume(): Promise<void> {
      this.state = 'running';
      return Promise.resolve();
    }

    suspend(): Promise<void> {
      this.state = 'suspended';
      return Promise.resolve();
    }
  }

  class Part {
    connect<To>(to: To): To {
      return to;
    }
  }

  class Oscillator extends Part {
    readonly #audio: Context;
    readonly #frequency: number;

    constructor(audio: Context, { frequency }: { frequency: number }) {
      super();
      this.#audio = audio;
      this.#frequency = frequency;
    }

    start(): void {
      const { state, output } = this.#audio;
      if (state === 'running') heard.push({ output, frequency: this.#frequency });
    }

    stop(): void {}
  }

  class Gain extends Part {
    readonly gain = {
      setValueAtTime() {},
      linearRampToValueAtTime() {},
      exponentialRampToValueAtTime() {},
    };
  }

  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('OscillatorNode', Oscillator);
  vi.stubGlobal('GainNode', Gain);
  return heard;
}
