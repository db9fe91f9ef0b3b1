import { create } from 'zustand';

const KEPT = 'nohold.notices';

/** How somebody wants to be told. */
export interface Wishes {
  /** A sound for new requests. */
  sound: boolean;
  /** 0 to 1. */
  volume: number;
  /** The output it plays on, by the browser's id; empty for the system's. */
  output: string;
  /** Desktop notifications, where the browser allows them. */
  desktop: boolean;
}

const FIRST: Wishes = { sound: true, volume: 0.6, output: '', desktop: true };

function kept(): Wishes {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    if (typeof found !== 'object' || found === null) return FIRST;
    const { sound, volume, output, desktop } = found as Partial<Record<keyof Wishes, unknown>>;
    return {
      sound: typeof sound === 'boolean' ? sound : FIRST.sound,
      volume: typeof volume === 'number' && volume >= 0 && volume <= 1 ? volume : FIRST.volume,
      output: typeof output === 'string' ? output : FIRST.output,
      desktop: typeof desktop === 'boolean' ? desktop : FIRST.desktop,
    };
  } catch {
    return FIRST;
  }
}

export const useWishes = create<Wishes>(kept);

/** Takes over a wish, here and at the next visit. */
export function wishFor(change: Partial<Wishes>): void {
  useWishes.setState(change);
  try {
    localStorage.setItem(KEPT, JSON.stringify(useWishes.getState()));
  } catch {
    // It holds for this visit.
  }
}

/** Chrome can send Web Audio to a chosen output; where a browser cannot, the system's is used. */
type WithSink = AudioContext & { setSinkId?: (id: string) => Promise<void> };

let context: WithSink | undefined;
let quiet: ReturnType<typeof setTimeout> | undefined;

/** Whether an output can be chosen in this browser. */
export function canChooseOutput(): boolean {
  return typeof AudioContext !== 'undefined' && 'setSinkId' in AudioContext.prototype;
}

/**
 * Browsers make no sound before somebody has pressed something: what is made and started then may start again later. Between
 * sounds it is suspended, so that no device is kept busy for nothing.
 */
export function wakeSound(): void {
  if (typeof AudioContext === 'undefined' || context !== undefined) return;
  const made = new AudioContext();
  context = made;
  void made
    .resume()
    .then(() => made.suspend())
    .catch(() => {});
}

/** The notes of a request: frequency in hertz, beginning and length in seconds. */
const NOTES = [
  [784, 0, 0.16],
  [1047, 0.14, 0.3],
] as const;

/** Plays the sound of a new request on the chosen output. */
export async function playSound(): Promise<void> {
  const { volume, output } = useWishes.getState();
  wakeSound();
  const audio = context;
  if (audio === undefined || audio.state === 'closed') return;
  try {
    await audio.setSinkId?.(output);
  } catch {
    // The output is gone; the one that is left is better than silence.
  }
  try {
    await audio.resume();
  } catch {
    return;
  }
  for (const [frequency, begin, length] of NOTES) {
    const at = audio.currentTime + 0.02 + begin;
    const note = new OscillatorNode(audio, { frequency, type: 'sine' });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(volume * 0.5, at + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.0005, at + length);
    note.connect(gain).connect(audio.destination);
    note.start(at);
    note.stop(at + length + 0.05);
  }
  clearTimeout(quiet);
  quiet = setTimeout(() => void audio.suspend().catch(() => {}), 1_500);
}

/** Whether the browser shows desktop notifications for this page. */
export function desktopState(): NotificationPermission | 'none' {
  return typeof Notification === 'undefined' || !window.isSecureContext ? 'none' : Notification.permission;
}

/** Shows one while the page is in the background; pressing it brings the page to the front. */
export function notifyDesktop(id: string, title: string, words: string, press: () => void): void {
  if (!useWishes.getState().desktop || desktopState() !== 'granted' || document.visibilityState === 'visible')
    return;
  const shown = new Notification(title, { body: words, tag: id, silent: true });
  shown.onclick = () => {
    window.focus();
    shown.close();
    press();
  };
}
