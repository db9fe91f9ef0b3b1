import { useSyncExternalStore } from 'react';
import { api } from '@/api';
import { useLive } from '@/live';
import { BrowserPhone } from './browser-phone';
import { usePhoneChoices } from './choices';
import { usePhoneStands } from './readiness';
import { connectLine } from './line';
import type { PhoneShown } from './phone';
import { Tabs } from './tabs';

let player: HTMLAudioElement | null = null;

function play(stream: MediaStream | null, speaker: string): void {
  if (stream === null && player === null) return;
  player ??= new Audio();
  player.autoplay = true;
  player.srcObject = stream;
  if (stream === null) return;
  void speakOn(speaker);
  // Whoever has pressed a button on this page lets it sound; else the browser waits for that.
  void player.play().catch(() => {});
}

async function speakOn(speaker: string): Promise<void> {
  if (player === null || !('setSinkId' in player)) return;
  try {
    await player.setSinkId(speaker);
  } catch {
    // The output is gone; the system's is better than silence.
  }
}

function listen(microphone: string): Promise<MediaStream> {
  const { processing } = usePhoneChoices.getState();
  return navigator.mediaDevices.getUserMedia({
    audio: {
      ...(microphone !== '' && { deviceId: { ideal: microphone } }),
      echoCancellation: processing,
      noiseSuppression: processing,
      autoGainControl: processing,
    },
  });
}

/** The phone of this page. */
export const phone = new BrowserPhone({
  secure: () => window.isSecureContext && 'mediaDevices' in navigator && 'RTCPeerConnection' in window,
  listen,
  connect: connectLine,
  putAway: connection =>
    void api
      .DELETE('/api/phone/{connection}', { params: { path: { connection } } })
      // The server finds out by itself.
      .catch(() => {}),
  play,
  tabs: hear => new Tabs({ request: (...all: unknown[]) => request(all) } as unknown as LockManager, hear),
  now: () => Date.now(),
});

function request(all: unknown[]): unknown {
  // Only secure pages have locks, and only those come as far as this.
  return (navigator.locks.request as unknown as (...all: unknown[]) => unknown).apply(navigator.locks, all);
}

/** How the phone of this page stands; whoever uses it is drawn again with each change. */
export function usePhone(): PhoneShown {
  return useSyncExternalStore(
    hear => phone.subscribe(hear),
    () => phone.shown(),
  );
}

/** Whether the microphone may be used without a question. */
export async function mayListen(): Promise<boolean> {
  try {
    const answer = await navigator.permissions.query({ name: 'microphone' as PermissionName });
    return answer.state === 'granted';
  } catch {
    // A browser that does not tell is asked by a button.
    return false;
  }
}

/** Lets the phone follow what was chosen, what the server says and the network; the answer ends it and puts the phone away. */
export function beginPhone(): () => void {
  let before = usePhoneChoices.getState();
  void phone.choose({ microphone: before.microphone, speaker: before.speaker });
  const start = async () => {
    if (usePhoneChoices.getState().by === 'browser' && (await mayListen())) await phone.open();
  };
  void start();
  const stands = () => {
    const { state, lostSince } = phone.shown();
    usePhoneStands.setState({ state, lostSince });
  };
  stands();
  const ends = [
    phone.subscribe(stands),
    usePhoneChoices.subscribe(now => {
      const { microphone, speaker, processing, by } = now;
      const was = before;
      before = now;
      if (by === 'desk' && was.by !== 'desk') phone.close();
      if (by === 'browser' && was.by !== 'browser') void start();
      if (speaker !== was.speaker) {
        void phone.choose({ speaker });
        void speakOn(speaker);
      }
      if (microphone !== was.microphone || processing !== was.processing) void phone.choose({ microphone });
    }),
    useLive.subscribe((live, old) => {
      if (live.phone !== old.phone && live.phone !== null) phone.serverHas(live.phone.connection ?? null);
      // The server is back, or who works here has signed in again: a call may wait for this page.
      if (live.link.state === 'connected' && old.link.state !== 'connected') phone.hurry();
    }),
  ];
  const hurry = () => phone.hurry();
  window.addEventListener('online', hurry);
  return () => {
    window.removeEventListener('online', hurry);
    phone.close();
    for (const end of ends) end();
  };
}
