import { create } from 'zustand';
import { api, need, once } from '@/api';
import { type Entry, showAnswer, useLive } from '@/live';
import { say } from '@/notices';
import type { Sound } from '.';

/** Who was the first to listen to a message, and when. */
export type Heard = Entry['heard'][number];

/** What was marked here: of a closed entry the live line tells nothing. */
export const useMarked = create<{ marked: ReadonlyMap<string, Heard> }>(() => ({ marked: new Map() }));

const asked = new Set<string>();

/** Who was the first to listen to it, as far as it is known here. */
export function heardOf(entry: Entry | undefined, message: string): Heard | undefined {
  return entry?.heard.find(one => one.message === message) ?? useMarked.getState().marked.get(message);
}

/** Tells the server that a message was listened to, once; the answer is whether it knows. */
async function tell({ id, entry }: Sound): Promise<boolean> {
  const known = entry === null ? undefined : useLive.getState().entries.get(entry);
  if (heardOf(known, id) !== undefined) return true;
  if (asked.has(id)) return false;
  asked.add(id);
  try {
    const params = { path: { id }, header: once() };
    const answer = (await need(api.POST('/api/messages/{id}/heard', { params, body: { entry } }))) as Entry;
    showAnswer(answer);
    const heard = answer.heard.find(one => one.message === id);
    if (heard !== undefined) useMarked.setState(({ marked }) => ({ marked: new Map(marked).set(id, heard) }));
    return true;
  } catch {
    return false;
  } finally {
    asked.delete(id);
  }
}

/** It has been played nearly to its end. Where that cannot be noted, the button stays. */
export function listened(sound: Sound): void {
  void tell(sound);
}

/** Somebody says that they have listened. */
export async function markHeard(sound: Sound): Promise<void> {
  if (!(await tell(sound))) {
    say({ id: 'player', kind: 'refused', title: t => t('message.markFailed') });
  }
}
