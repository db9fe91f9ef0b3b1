import { type components, api, need, once, given } from '@/api';
import { sayOutcome } from '@/entries';
import { type Entry, type Note, showNote, useLive } from '@/live';
import { refusedWords, say } from '@/notices';
import { type Written, forget, send, settle } from './drafts';

/** What becomes of the entry that was called back. */
export const BECOMES = ['done', 'keep', 'not_reached', 'cancelled', 'refused'] as const;
export type Becomes = (typeof BECOMES)[number];

export type FollowUp = components['schemas']['FollowUp'];

const at = (call: string) => ({ params: { path: { id: call }, header: once() } });

/** Whether a text says nothing. */
export function isEmpty({ disposition, note, tags = [] }: Written): boolean {
  return !given(disposition) && (note ?? '').trim() === '' && tags.length === 0;
}

/** What is missing before a note that its queue asks for can be saved. */
export function missingIn(
  written: Written,
  required: boolean,
  anyDisposition: boolean,
): 'disposition' | 'words' | null {
  if (!required) return null;
  if (anyDisposition) return !given(written.disposition) ? 'disposition' : null;
  return isEmpty(written) ? 'words' : null;
}

/** The entry of a callback whose outcome this agent has still to say. */
export function entryToClose(note: Note | undefined, entries: ReadonlyMap<string, Entry>): Entry | null {
  const entry = !given(note?.entry) ? undefined : entries.get(note.entry);
  const own = entry?.state.name === 'noting' && entry.state.agent === note?.agent;
  return own ? entry : null;
}

/**
 * Saves a note, and says what becomes of the entry where one was called back; the answer is whether it was done. What the
 * server says of an entry's outcome it writes into the note as well, so that goes first.
 */
export async function save(
  call: string,
  written: Written,
  entry: Entry | null,
  becomes: Becomes,
): Promise<boolean> {
  try {
    await send(call);
    if (entry !== null) {
      const closes = becomes !== 'keep' && becomes !== 'not_reached';
      const done = await sayOutcome(entry, {
        outcome: closes ? 'close' : becomes,
        reason: closes ? becomes : undefined,
        result: becomes === 'not_reached' ? 'machine' : undefined,
        disposition: written.disposition ?? undefined,
        note: written.note ?? '',
      });
      if (!done) return false;
    }
    const note = await need(api.POST('/api/calls/{id}/note/save', { ...at(call), body: written }));
    showNote(note);
    // While they talk it stays shown, so that it can be corrected.
    if (useLive.getState().calls.has(call) && !given(note.ended)) settle(call, written);
    else forget(call);
    say({ id: 'note', kind: 'done', title: t => t('note.savedNotice'), lasts: 4_000 });
    return true;
  } catch (thrown) {
    say({ id: 'note', kind: 'refused', title: t => t('note.saveFailed', { words: refusedWords(thrown) }) });
    return false;
  }
}

/** Throws a note away. */
export async function discard(call: string): Promise<boolean> {
  try {
    showNote(await need(api.DELETE('/api/calls/{id}/note', at(call))));
    forget(call);
    say({ id: 'note', kind: 'done', title: t => t('note.discarded'), lasts: 4_000 });
    return true;
  } catch (thrown) {
    say({ id: 'note', kind: 'refused', title: t => t('note.saveFailed', { words: refusedWords(thrown) }) });
    return false;
  }
}

/** Takes back what was agreed upon in a call; the answer is whether that was done. */
export async function takeFollowUpBack(call: string, entry: string, isNew: boolean): Promise<boolean> {
  try {
    const asked = { ...at(call), body: { entry } };
    const { open } = await need(api.POST('/api/calls/{id}/follow-up/take-back', asked));
    const words = isNew ? 'done.undone' : open ? 'done.asBefore' : 'done.settled';
    say({ id: 'note', kind: 'done', title: t => t(words), lasts: 4_000 });
    return true;
  } catch (thrown) {
    say({ id: 'note', kind: 'refused', title: t => t('refusal.other', { words: refusedWords(thrown) }) });
    return false;
  }
}

/** Has the customer called again. */
export async function followUp(call: string, from: number, byMe: boolean): Promise<FollowUp | null> {
  try {
    const body = { not_before: from, by_me: byMe };
    return await need(api.POST('/api/calls/{id}/follow-up', { ...at(call), body }));
  } catch (thrown) {
    say({
      id: 'note',
      kind: 'refused',
      title: t => t('note.followUpFailed', { words: refusedWords(thrown) }),
    });
    return null;
  }
}
