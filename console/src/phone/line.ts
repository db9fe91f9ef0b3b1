import { api, need } from '@/api';

/** How long the browser looks for its own addresses, in milliseconds; the server needs none of them to answer. */
const GATHER = 2_000;

/** So long audio may take to get through before UDP counts as blocked, in milliseconds. */
const REACH = 10_000;

/** The server has answered and no audio gets through. */
export class NotReached extends Error {}

/** By which way audio goes. */
export interface Way {
  relay: boolean;
  /** There and back, in milliseconds. */
  roundTrip: number;
}

/** A connection of this page's audio to the server. */
export interface PageLine {
  /** The number that the server gave it. */
  readonly connection: number;
  /** Sends another microphone from now on. */
  replace(track: MediaStreamTrack): Promise<void>;
  way(): Promise<Way | null>;
  /** How many packets of audio have come in. */
  received(): Promise<number | null>;
  close(): void;
}

/** What a connection tells. */
export interface LineHears {
  audio(stream: MediaStream): void;
  lost(): void;
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, GATHER);
    const look = () => peer.iceGatheringState === 'complete' && done();
    peer.addEventListener('icegatheringstatechange', look);
    look();
  });
}

function reached(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NotReached('no audio gets through')), REACH);
    const look = () => {
      const { connectionState } = peer;
      if (connectionState !== 'connected' && connectionState !== 'failed') return;
      clearTimeout(timer);
      peer.removeEventListener('connectionstatechange', look);
      if (connectionState === 'connected') resolve();
      else reject(new NotReached('no audio gets through'));
    };
    peer.addEventListener('connectionstatechange', look);
    look();
  });
}

/** G.711 first, and keys as events (RFC 4733); what else the browser has is not taken by the server. */
function preferG711(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('audio')?.codecs ?? [];
  const ours = codecs.filter(
    codec => /^audio\/(pcm[au]|telephone-event)$/i.test(codec.mimeType) && codec.clockRate === 8_000,
  );
  if (ours.length > 0 && 'setCodecPreferences' in transceiver) transceiver.setCodecPreferences(ours);
}

/**
 * Connects the microphone: one offer, one answer (RFC 9725 without its resource), then audio.
 *
 * @throws {Failure} when the server refuses; {@link NotReached} when no audio gets through
 */
export async function connectLine(stream: MediaStream, hears: LineHears): Promise<PageLine> {
  const network = await need(api.GET('/api/phone/network'));
  const servers = network.iceServers.map(({ urls, username, credential }) => ({
    urls,
    username: username ?? undefined,
    credential: credential ?? undefined,
  }));
  const peer = new RTCPeerConnection({ iceServers: servers });
  try {
    const [track] = stream.getAudioTracks();
    const transceiver = peer.addTransceiver(track ?? 'audio', { direction: 'sendrecv', streams: [stream] });
    preferG711(transceiver);
    peer.addEventListener('track', ({ streams, track }) =>
      hears.audio(streams[0] ?? new MediaStream([track])),
    );
    await peer.setLocalDescription();
    await gathered(peer);
    const answer = await need(api.POST('/api/phone', { body: { sdp: peer.localDescription?.sdp ?? '' } }));
    await peer.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    await reached(peer);
    return lineOf(peer, transceiver.sender, answer.connection, hears);
  } catch (thrown) {
    peer.close();
    throw thrown;
  }
}

function lineOf(
  peer: RTCPeerConnection,
  sender: RTCRtpSender,
  connection: number,
  hears: LineHears,
): PageLine {
  const look = () => {
    if (['disconnected', 'failed', 'closed'].includes(peer.connectionState)) hears.lost();
  };
  peer.addEventListener('connectionstatechange', look);
  return {
    connection,
    replace: track => sender.replaceTrack(track),
    way: () => wayOf(peer),
    received: () => receivedBy(peer),
    close() {
      peer.removeEventListener('connectionstatechange', look);
      peer.close();
    },
  };
}

async function receivedBy(peer: RTCPeerConnection): Promise<number | null> {
  const stats = await peer.getStats();
  for (const one of stats.values() as Iterable<RTCInboundRtpStreamStats>) {
    if (one.type === 'inbound-rtp') return one.packetsReceived ?? null;
  }
  return null;
}

async function wayOf(peer: RTCPeerConnection): Promise<Way | null> {
  if (peer.connectionState !== 'connected') return null;
  const stats = await peer.getStats();
  for (const one of stats.values() as Iterable<RTCIceCandidatePairStats>) {
    if (one.type !== 'candidate-pair' || !one.nominated || one.state !== 'succeeded') continue;
    const local = stats.get(one.localCandidateId) as { candidateType?: string } | undefined;
    return {
      relay: local?.candidateType === 'relay',
      roundTrip: Math.round((one.currentRoundTripTime ?? 0) * 1_000),
    };
  }
  return null;
}
