import { create } from 'zustand';

const KEPT = 'nohold.phone';

/** How somebody telephones, kept in this browser. */
export interface PhoneChoices {
  /** At this page, or at a phone on the desk. */
  by: 'browser' | 'desk';
  /** Devices by the browser's ids; empty for the system's. */
  microphone: string;
  speaker: string;
  ringer: string;
  /** The browser takes noise and echo out of what the microphone hears. */
  processing: boolean;
}

const FIRST: PhoneChoices = { by: 'browser', microphone: '', speaker: '', ringer: '', processing: true };

function kept(): PhoneChoices {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '{}');
    if (typeof found !== 'object' || found === null) return FIRST;
    const fits = ([name, value]: [string, unknown]) =>
      name in FIRST && typeof value === typeof FIRST[name as keyof PhoneChoices];
    const chosen = { ...FIRST, ...Object.fromEntries(Object.entries(found).filter(fits)) } as PhoneChoices;
    return { ...chosen, by: chosen.by === 'desk' ? 'desk' : 'browser' };
  } catch {
    return FIRST;
  }
}

export const usePhoneChoices = create<PhoneChoices>(kept);

/** Takes a choice over, here and at the next visit. */
export function choosePhone(change: Partial<PhoneChoices>): void {
  usePhoneChoices.setState(change);
  try {
    localStorage.setItem(KEPT, JSON.stringify(usePhoneChoices.getState()));
  } catch {
    // It holds for this visit.
  }
}
