import type { Page } from 'playwright-core';

/** Lets a page's audio be measured, and leaves its tone as the microphone hears it; to be called before the page is opened. */
export async function giveEars(page: Page): Promise<void> {
  await page.context().grantPermissions(['microphone']);
  await page.addInitScript(() => {
    localStorage.setItem('nohold.phone', JSON.stringify({ processing: false }));
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(...all: ConstructorParameters<typeof Peer>) {
        super(...all);
        (window as unknown as { peer: RTCPeerConnection }).peer = this;
        this.addEventListener('track', event => {
          const audio = new AudioContext();
          const look = new AnalyserNode(audio, { fftSize: 16_384, smoothingTimeConstant: 0 });
          audio.createMediaStreamSource(event.streams[0] ?? new MediaStream([event.track])).connect(look);
          (window as unknown as { ear: AnalyserNode }).ear = look;
        });
      }
    };
  });
}

/** What the page hears now: the loudest frequency in hertz, or `silence`. */
export function heard(page: Page): Promise<number | 'silence'> {
  return page.evaluate(() => {
    const { ear } = window as unknown as { ear?: AnalyserNode };
    if (ear === undefined) return 'silence';
    const loud = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(loud);
    let best = 0;
    loud.forEach((level, bin) => {
      if (level > (loud[best] ?? -Infinity)) best = bin;
    });
    if ((loud[best] ?? -Infinity) < -70) return 'silence';
    return (best * ear.context.sampleRate) / ear.fftSize;
  });
}

/** How loud the page hears each of these frequencies now, in dBFS; nothing where it hears nothing yet. */
export function levels(page: Page, at: readonly number[]): Promise<number[]> {
  return page.evaluate(
    all => {
      const { ear } = window as unknown as { ear?: AnalyserNode };
      if (ear === undefined) return all.map(() => -Infinity);
      const loud = new Float32Array(ear.frequencyBinCount);
      ear.getFloatFrequencyData(loud);
      return all.map(hz => {
        const bin = Math.round((hz * ear.fftSize) / ear.context.sampleRate);
        return Math.max(...loud.slice(bin - 4, bin + 5));
      });
    },
    [...at],
  );
}

/** What the browser did to the audio that came, in samples of its clock: invented, stretched, cut, and packets that were lost. */
export function treated(page: Page): Promise<Record<string, number>> {
  return page.evaluate(async () => {
    const { peer } = window as unknown as { peer?: RTCPeerConnection };
    const wanted = [
      'packetsReceived',
      'packetsLost',
      'packetsDiscarded',
      'concealedSamples',
      'silentConcealedSamples',
      'concealmentEvents',
      'insertedSamplesForDeceleration',
      'removedSamplesForAcceleration',
      'totalSamplesReceived',
      'jitter',
      'jitterBufferDelay',
      'jitterBufferEmittedCount',
    ];
    const found: Record<string, number> = {};
    for (const one of (await peer?.getStats())?.values() ?? []) {
      const stats = one as Record<string, unknown>;
      if (stats.type !== 'inbound-rtp') continue;
      for (const name of wanted) if (typeof stats[name] === 'number') found[name] = stats[name];
    }
    return found;
  });
}

/** Within this a tone is the tone, in hertz. */
const NEAR = 15;

/** Waits until the page hears this tone, or silence, three times in a row. */
export async function waitHeard(page: Page, what: number | 'silence', within = 30_000): Promise<void> {
  const end = Date.now() + within;
  let last: number | 'silence' = 'silence';
  for (let row = 0; row < 3;) {
    last = await heard(page);
    const right =
      typeof what === 'number' && typeof last === 'number' ? Math.abs(last - what) <= NEAR : last === what;
    row = right ? row + 1 : 0;
    if (!right && Date.now() > end) {
      const how = JSON.stringify(await treated(page));
      throw new Error(`the page hears ${last} Hz and not ${what}; ${how}`);
    }
    // A window of the ear is a third of a second.
    await page.waitForTimeout(350);
  }
}

/** So loud a frequency is in what is heard, in dBFS, and so much quieter than the quietest of those it is not. */
const THERE = -60;
const BELOW = 20;

/** Waits until the page hears all of these frequencies at once and none of the others, three times in a row. */
export async function waitHeardAll(
  page: Page,
  there: readonly number[],
  away: readonly number[] = [],
  within = 30_000,
): Promise<void> {
  const end = Date.now() + within;
  for (let row = 0; row < 3;) {
    const loud = await levels(page, [...there, ...away]);
    const quietest = Math.min(...loud.slice(0, there.length));
    const right = quietest > THERE && loud.slice(there.length).every(one => one < quietest - BELOW);
    row = right ? row + 1 : 0;
    if (!right && Date.now() > end) {
      throw new Error(`the page hears ${[...there, ...away].join(', ')} Hz with ${loud.join(', ')} dBFS`);
    }
    await page.waitForTimeout(350);
  }
}
