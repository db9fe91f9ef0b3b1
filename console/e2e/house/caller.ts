import { randomBytes } from 'node:crypto';
import { type Socket, createSocket } from 'node:dgram';

/** The carrier of the call centre, by the address that it is known by. */
const CARRIER = '127.0.0.2';

/** A customer who calls and hangs up after a while, in milliseconds. */
export async function callAndHangUp(sip: string, from: string, to: string, after: number): Promise<void> {
  const customer = await callIn(sip, from, to);
  try {
    await new Promise(resolve => setTimeout(resolve, after));
  } finally {
    await customer.hangUp();
  }
}

/** A customer on the line. */
export interface OnTheLine {
  /** Says a tone of 440 Hz for so long, in milliseconds. */
  speak(length: number): Promise<void>;
  hangUp(): Promise<void>;
}

/**
 * A customer who calls by the carrier over UDP (RFC 3261) and stays on the line: just enough of a telephone to wait, to be talked
 * with, and to become a missed call.
 */
export async function callIn(sip: string, from: string, to: string): Promise<OnTheLine> {
  const [host = '', port = ''] = sip.split(':');
  const socket = createSocket('udp4');
  await new Promise<void>(resolve => socket.bind(0, CARRIER, resolve));
  const audio = createSocket('udp4');
  await new Promise<void>(resolve => audio.bind(0, CARRIER, resolve));
  const own = socket.address().port;
  const id = randomBytes(8).toString('hex');
  const branch = () => `z9hG4bK${randomBytes(8).toString('hex')}`;
  const uri = `sip:${to}@${sip}`;
  const write = (method: string, cseq: number, toTag: string, via: string, body = '') =>
    [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${CARRIER}:${own};branch=${via};rport`,
      'Max-Forwards: 70',
      `From: <sip:${from}@${CARRIER}>;tag=${id}`,
      `To: <${uri}>${toTag}`,
      `Call-ID: ${id}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${from}@${CARRIER}:${own}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');
  const send = (text: string) => new Promise(resolve => socket.send(text, Number(port), host, resolve));
  const sdp =
    `v=0\r\no=- 1 1 IN IP4 ${CARRIER}\r\ns=-\r\nc=IN IP4 ${CARRIER}\r\nt=0 0\r\n` +
    `m=audio ${audio.address().port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n`;
  const close = () => {
    socket.close();
    audio.close();
  };
  try {
    await send(write('INVITE', 1, '', branch(), sdp));
    const { toTag, media } = await answered(socket);
    await send(write('ACK', 1, toTag, branch()));
    return {
      speak: length => speak(audio, media, length),
      async hangUp() {
        await send(write('BYE', 2, toTag, branch()));
        await finished(socket).finally(close);
      },
    };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** Where the other side wants to hear us. */
interface Media {
  host: string;
  port: number;
}

/** Waits for the answer to the INVITE: what it says after the name of whom was called, and where the audio goes. */
function answered(socket: Socket): Promise<{ toTag: string; media: Media }> {
  return heard(socket, text => {
    if (/^SIP\/2.0 [3-6]/.test(text)) throw new Error(`the call was refused: ${text.split('\r\n')[0]}`);
    if (!text.startsWith('SIP/2.0 200') || !/^CSeq:.*INVITE/im.test(text)) return null;
    const host = /^c=IN IP4 ([\d.]+)/m.exec(text)?.[1];
    const port = /^m=audio (\d+)/m.exec(text)?.[1];
    if (host === undefined || port === undefined) throw new Error('the answer tells no place for audio');
    const toTag = /^To:.*?(;tag=[^\s;]+)/im.exec(text)?.[1] ?? '';
    return { toTag, media: { host, port: Number(port) } };
  });
}

const RATE = 8_000;
const FRAME = 160;

/** A sample as G.711 has it in its µ-law: sign, segment and step above a bias, all bits turned round. */
function toMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(Math.abs(sample), 32_635) + 132;
  const segment = Math.max(0, Math.floor(Math.log2(biased)) - 7);
  return ~(sign | (segment << 4) | ((biased >> (segment + 3)) & 0x0f)) & 0xff;
}

/** Sends a tone as RTP (RFC 3550), a packet each 20 ms by the clock, however late the timer is. */
async function speak(audio: Socket, { host, port }: Media, length: number): Promise<void> {
  const source = randomBytes(4);
  const began = performance.now();
  for (let frame = 0; frame * 20 < length; frame += 1) {
    const packet = Buffer.alloc(12 + FRAME);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(frame === 0 ? 0x80 : 0, 1);
    packet.writeUInt16BE(frame, 2);
    packet.writeUInt32BE(frame * FRAME, 4);
    source.copy(packet, 8);
    for (let n = 0; n < FRAME; n += 1) {
      const at = (2 * Math.PI * 440 * (frame * FRAME + n)) / RATE;
      packet.writeUInt8(toMuLaw(Math.round(8_000 * Math.sin(at))), 12 + n);
    }
    audio.send(packet, port, host);
    const wait = began + (frame + 1) * 20 - performance.now();
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
  }
}

function finished(socket: Socket): Promise<string> {
  return heard(socket, text => (/^SIP\/2.0 200[\s\S]*^CSeq:.*BYE/im.test(text) ? 'done' : null));
}

function heard<T>(socket: Socket, read: (text: string) => T | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server does not answer the call')), 10_000);
    const hear = (piece: Buffer) => {
      try {
        const found = read(piece.toString());
        if (found === null) return;
        resolve(found);
      } catch (thrown) {
        reject(thrown as Error);
      }
      clearTimeout(timer);
      socket.off('message', hear);
    };
    socket.on('message', hear);
  });
}
