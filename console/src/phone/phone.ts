/** How the audio of this page stands. Calls themselves are told by the live line, and are done with by the API. */
export type PhoneState =
  /** This page is no phone: the agent works with a desk phone, or has not begun to work. */
  | 'off'
  | 'connecting'
  /** Whoever rings can be heard here. */
  | 'ready'
  /** The audio is gone and is being taken up again; a call lives on meanwhile. */
  | 'lost'
  /** Another tab or browser is the phone. */
  | 'elsewhere'
  /** There is no microphone, or it may not be used. */
  | 'refused';

/** Why the page is no phone. */
export type PhoneProblem =
  /** Browsers give no microphone to a page without HTTPS. */
  | 'insecure'
  /** The person or the browser refuses the microphone. */
  | 'denied'
  /** There is no microphone. */
  | 'missing'
  /** Another program holds it. */
  | 'busy'
  /** The server answers, and no audio gets through. */
  | 'udp'
  /** This server serves no phones in browsers. */
  | 'unavailable'
  /** The server cannot be reached, or has no room. */
  | 'server';

/** What is known of the phone now. A value of it is never changed: each change makes a new one. */
export interface PhoneShown {
  state: PhoneState;
  problem: PhoneProblem | null;
  /** The agent is not heard. */
  muted: boolean;
  /** Since when the audio is lost, by our own clock. */
  lostSince: number | null;
  /** The devices that were chosen, by the browser's ids; empty for the system's. */
  microphone: string;
  speaker: string;
}

/**
 * The audio leg of this page. Who rings, who is held and who hears whom is decided by the server; the page only brings a
 * microphone and a loudspeaker.
 */
export interface Phone {
  shown(): PhoneShown;
  /** Hears of each change; the answer ends it. */
  subscribe(hear: () => void): () => void;
  /** Becomes the phone of this browser, and asks for the microphone where that was not allowed before. */
  open(): Promise<void>;
  close(): void;
  mute(muted: boolean): void;
  choose(devices: Partial<Pick<PhoneShown, 'microphone' | 'speaker'>>): Promise<void>;
}

export const PHONE_OFF: PhoneShown = {
  state: 'off',
  problem: null,
  muted: false,
  lostSince: null,
  microphone: '',
  speaker: '',
};
