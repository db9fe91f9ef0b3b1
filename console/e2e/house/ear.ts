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
    if (!right && Date.now() > end) throw new Error(`the page hears ${last} Hz and not ${what}`);
    // A window of the ear is a third of a second.
    await page.waitForTimeout(350);
  }
}
