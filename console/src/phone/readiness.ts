import { create } from 'zustand';
import { isBarred, useLive } from '@/live';
import { usePhoneChoices } from './choices';
import type { PhoneState } from './phone';

/** How the phone of this page stands, and since when its audio is lost; nothing before it has begun. */
export const usePhoneStands = create<{ state: PhoneState | null; lostSince: number | null }>(() => ({
  state: null,
  lostSince: null,
}));

/** So long a call waits for a page whose audio is lost, in milliseconds. */
export const CALL_WAITS = 30_000;

/**
 * When the call of this page ends at the latest, by the server's clock: its audio is lost, and perhaps nobody tells us any more
 * what becomes of the call. Nothing while it is heard.
 */
export function useCallEnds(): number | null {
  const lostSince = usePhoneStands(stands => (stands.state === 'lost' ? stands.lostSince : null));
  const ahead = useLive(live => live.ahead);
  const waits = useLive(live => (isBarred(live) ? 0 : CALL_WAITS));
  return lostSince === null ? null : lostSince + ahead + waits;
}

/** A phone that connects is waited for so long, in milliseconds. */
export const LONGEST_WAIT = 12_000;

/**
 * How a call that is asked for comes to the agent: `here` it begins by itself, elsewhere it `rings` first; `none` where the
 * phone of this page does not come up.
 */
export type Way = 'here' | 'rings' | 'none';

function wayNow(): Way | 'soon' {
  const { me, agents } = useLive.getState();
  const outside = me?.agent ? agents.get(me.agent)?.outside === true : false;
  if (outside || usePhoneChoices.getState().by === 'desk') return 'rings';
  switch (usePhoneStands.getState().state) {
    case 'ready':
      return 'here';
    case 'connecting':
    case 'lost':
      return 'soon';
    default:
      return 'rings';
  }
}

/** The way to the agent, as soon as it is known; `onWait` hears of it when that takes a while. */
export async function wayToMe(onWait: () => void): Promise<Way> {
  const now = wayNow();
  if (now !== 'soon') return now;
  onWait();
  return new Promise(resolve => {
    const done = (way: Way) => {
      clearTimeout(timer);
      end();
      resolve(way);
    };
    const timer = setTimeout(() => done('none'), LONGEST_WAIT);
    const end = usePhoneStands.subscribe(() => {
      const way = wayNow();
      if (way !== 'soon') done(way);
    });
  });
}
