import { create } from 'zustand';
import { useLive } from '@/live';
import { say } from '@/notices';
import { listened } from './heard';

/** Something that was recorded and can be heard. */
export interface Sound {
  kind: 'message' | 'recording';
  id: string;
  /** Of a message: the entry, which the server must be told where it is closed. */
  entry: string | null;
  /** Where the server has it. */
  address: string;
}

/** A message that somebody left; of a closed entry the server must be told which. */
export function messageOf(message: string, entry: string | null): Sound {
  const of = entry === null ? '' : `?entry=${encodeURIComponent(entry)}`;
  const address = `/api/messages/${encodeURIComponent(message)}/audio${of}`;
  return { kind: 'message', id: message, entry, address };
}

/** A recorded conversation. */
export const recordingOf = (recording: string): Sound => ({
  kind: 'recording',
  id: recording,
  entry: null,
  address: `/api/recordings/${encodeURIComponent(recording)}/audio`,
});

/** Where it is as a file to take away, for who may. */
export const fileOf = ({ address }: Sound): string =>
  `${address}${address.includes('?') ? '&' : '?'}download=true`;

export const SPEEDS = [1, 1.25, 1.5, 2] as const;
export type Speed = (typeof SPEEDS)[number];

/** What a jump back or on skips, in seconds. */
export const JUMP = 10;

interface Playback {
  /** What is in the player of the page: one sound at a time. */
  sound: string | null;
  playing: boolean;
  /** Where it is, in seconds. */
  at: number;
  /** How long it is, in seconds, once that is known. */
  length: number | null;
  /** Of everything that is played until the page is left. */
  speed: Speed;
}

export const usePlayback = create<Playback>(() => ({
  sound: null,
  playing: false,
  at: 0,
  length: null,
  speed: 1,
}));

/** A moment that is inside of a sound, in seconds. */
export function within(at: number, length: number | null): number {
  return Math.max(0, Math.min(at, length ?? Infinity));
}

/** Whoever has played so much of a message has heard it. */
const ENOUGH = 0.75;

let audio: HTMLAudioElement | undefined;

/** A message in the player that nobody has been told of yet that it was heard. */
let unheard: Sound | undefined;

function progressed(own: HTMLAudioElement): void {
  usePlayback.setState({ at: own.currentTime });
  const { length } = usePlayback.getState();
  if (unheard === undefined || own.paused || length === null || own.currentTime < length * ENOUGH) return;
  listened(unheard);
  unheard = undefined;
}

function element(): HTMLAudioElement {
  if (audio !== undefined) return audio;
  const own = new Audio();
  audio = own;
  // Every opening is written down by the server, so nothing is opened before somebody presses.
  own.preload = 'metadata';
  own.ontimeupdate = () => progressed(own);
  own.ondurationchange = () =>
    usePlayback.setState({ length: Number.isFinite(own.duration) ? own.duration : null });
  own.onplay = () => usePlayback.setState({ playing: true });
  own.onpause = own.onended = () => usePlayback.setState({ playing: false });
  own.onerror = failed;
  useLive.subscribe(pauseForCalls);
  return own;
}

/** Whoever's phone rings, or who talks, hears nothing else. */
function pauseForCalls({ me, agents }: ReturnType<typeof useLive.getState>): void {
  const state = me?.agent ? agents.get(me.agent)?.state : undefined;
  if (state === 'ringing' || state === 'talking') audio?.pause();
}

function failed(): void {
  usePlayback.setState({ sound: null, playing: false, at: 0, length: null });
  say({ id: 'player', kind: 'refused', title: t => t('done.playFailed') });
}

/** Puts it into the player, where it is not there already. */
function load(sound: Sound): HTMLAudioElement {
  const { id, kind, address } = sound;
  const own = element();
  if (usePlayback.getState().sound === id) return own;
  usePlayback.setState({ sound: id, at: 0, length: null, playing: false });
  unheard = kind === 'message' ? sound : undefined;
  own.src = address;
  // A new source plays at the speed that is the element's default.
  own.defaultPlaybackRate = own.playbackRate = usePlayback.getState().speed;
  return own;
}

/** Plays it, or pauses it where it plays. */
export async function playOrPause(sound: Sound): Promise<void> {
  const own = load(sound);
  if (!own.paused) return own.pause();
  try {
    await own.play();
  } catch (thrown) {
    // Something else was chosen, or it was paused meanwhile; what cannot be played says so itself.
    if (thrown instanceof DOMException && thrown.name === 'NotAllowedError') failed();
  }
}

/** Goes to a moment, in seconds; it plays on where it played. */
export function seek(sound: Sound, at: number): void {
  const own = load(sound);
  const to = within(at, usePlayback.getState().length);
  own.currentTime = to;
  usePlayback.setState({ at: to });
}

/** Jumps on by so many seconds, or back where they are negative. */
export function jump(sound: Sound, by: number): void {
  const { sound: own, at } = usePlayback.getState();
  seek(sound, (own === sound.id ? at : 0) + by);
}

/** Stops it where it plays: whoever leaves its page has no button for it any more. */
export function leave({ id }: Sound): void {
  if (usePlayback.getState().sound === id) audio?.pause();
}

export function setSpeed(speed: Speed): void {
  usePlayback.setState({ speed });
  if (audio !== undefined) audio.defaultPlaybackRate = audio.playbackRate = speed;
}
