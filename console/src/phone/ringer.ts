type WithSink = AudioContext & { setSinkId?: (id: string) => Promise<void> };

let context: WithSink | undefined;

/** A pattern of sound: frequencies in hertz that sound together, then how long and how often, in seconds. */
interface Pattern {
  notes: readonly number[];
  on: number;
  every: number;
  loud: number;
}

/** It rings here. */
const RINGING: Pattern = { notes: [660, 880], on: 1.2, every: 3, loud: 0.25 };

/** It rings there, as a telephone would say it. */
const RINGING_THERE: Pattern = { notes: [425], on: 1, every: 5, loud: 0.12 };

/** Rings on this output until the answer is called. */
export function ring(output: string): () => void {
  return repeat(RINGING, output);
}

/** The tone of a phone that rings elsewhere, until the answer is called. */
export function ringThere(output: string): () => void {
  return repeat(RINGING_THERE, output);
}

function repeat(pattern: Pattern, output: string): () => void {
  if (typeof AudioContext === 'undefined') return () => {};
  context ??= new AudioContext();
  const audio = context;
  const sounding = new Set<OscillatorNode>();
  let over = false;
  const once = () => {
    for (const frequency of pattern.notes) {
      const note = new OscillatorNode(audio, { frequency });
      const gain = new GainNode(audio, { gain: pattern.loud / pattern.notes.length });
      note.connect(gain).connect(audio.destination);
      note.onended = () => void sounding.delete(note);
      note.start();
      note.stop(audio.currentTime + pattern.on);
      sounding.add(note);
    }
  };
  const begin = async () => {
    try {
      await audio.setSinkId?.(output);
    } catch {
      // The output is gone; the one that is left is better than silence.
    }
    await audio.resume();
    if (!over) once();
  };
  void begin().catch(() => {});
  const timer = setInterval(once, pattern.every * 1_000);
  return () => {
    over = true;
    clearInterval(timer);
    for (const note of sounding) note.stop();
    void audio.suspend().catch(() => {});
  };
}

/** How loud a stream is: calls with 0 to 1, ten times a second, until the answer is called. */
export function meter(stream: MediaStream, tell: (level: number) => void): () => void {
  if (typeof AudioContext === 'undefined') return () => {};
  const audio = new AudioContext();
  const look = new AnalyserNode(audio, { fftSize: 1024 });
  const source = audio.createMediaStreamSource(stream);
  source.connect(look);
  const samples = new Float32Array(look.fftSize);
  const timer = setInterval(() => {
    look.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
    // From -60 dB to 0 dB.
    tell(Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60)));
  }, 100);
  return () => {
    clearInterval(timer);
    void audio.close().catch(() => {});
  };
}
