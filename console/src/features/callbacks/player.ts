import { create } from 'zustand';
import { i18next } from '@/i18n';
import { type Entry } from '@/live';
import { say } from '@/notices';

interface Player {
  /** The message that is in the player. */
  message: string | null;
  playing: boolean;
  /** Where it is, in seconds. */
  at: number;
  /** How long it is, in seconds, once that is known. */
  length: number | null;
}

export const usePlayer = create<Player>(() => ({ message: null, playing: false, at: 0, length: null }));

let audio: HTMLAudioElement | undefined;

function element(): HTMLAudioElement {
  if (audio !== undefined) return audio;
  audio = new Audio();
  audio.preload = 'metadata';
  const own = audio;
  own.ontimeupdate = () => usePlayer.setState({ at: own.currentTime });
  own.ondurationchange = () =>
    usePlayer.setState({ length: Number.isFinite(own.duration) ? own.duration : null });
  own.onplay = () => usePlayer.setState({ playing: true });
  own.onpause = own.onended = () => usePlayer.setState({ playing: false });
  return own;
}

/** Plays a message of an entry, or pauses it where it plays. */
export async function playOrPause(entry: Entry, message: string): Promise<void> {
  const own = element();
  if (usePlayer.getState().message === message) {
    if (!own.paused) return own.pause();
  } else {
    usePlayer.setState({ message, at: 0, length: null, playing: false });
    own.src = `/api/messages/${encodeURIComponent(message)}/audio?entry=${encodeURIComponent(entry.id)}`;
  }
  try {
    await own.play();
  } catch (thrown) {
    // Another message was chosen meanwhile.
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return;
    usePlayer.setState({ message: null, playing: false });
    say({ id: 'player', kind: 'refused', title: i18next.t('done.playFailed') });
  }
}
