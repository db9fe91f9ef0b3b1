import { api, need } from '@/api';
import { create } from 'zustand';
import { read } from './messages';
import { NOTHING, type Shown, addAnswer, addNote, addPage, connected, forgetCursor, take } from './reducer';
import type { Entry, Note, Reminder } from './rows';
import { type Line, type Link, LiveSocket } from './socket';

interface Live extends Shown {
  link: Link;
}

/** What this viewer sees now, and how the page stands to its server. */
export const useLive = create<Live>(() => ({ ...NOTHING, link: { state: 'connecting' } }));

type Hear = (reminders: Reminder[]) => void;
const hearers = new Set<Hear>();

/** Hears of reminders as they come; those that wait come first. The answer ends it. */
export function onReminders(hear: Hear): () => void {
  hearers.add(hear);
  const waiting = [...useLive.getState().reminders.values()];
  if (waiting.length > 0) hear(waiting);
  return () => void hearers.delete(hear);
}

/** The length of a page of the rest of the list. */
const PAGE = 200;

async function fetchRest(generation: number): Promise<void> {
  let after: string | undefined;
  const current = () => useLive.getState().generation === generation;
  do {
    const page = await need(
      api.GET('/api/entries', { params: { query: { limit: PAGE, short: true, after } } }),
    );
    if (!current()) return;
    useLive.setState(live => addPage(live, generation, page.items as Entry[]));
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/** Whatever kept the rest from coming: it is asked for again while this snapshot holds. */
async function fetchRestPatiently(generation: number): Promise<void> {
  for (let pause = 1_000; useLive.getState().generation === generation; pause = Math.min(pause * 2, 30_000)) {
    try {
      return await fetchRest(generation);
    } catch {
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  }
}

function openLine(cursor: string | null): Line {
  const url = new URL('/api/live', window.location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  if (cursor !== null) url.searchParams.set('cursor', cursor);
  return new WebSocket(url) as unknown as Line;
}

async function stillSignedIn(): Promise<boolean> {
  try {
    const { response } = await api.GET('/api/session');
    return response.status !== 401;
  } catch {
    return true;
  }
}

const socket = new LiveSocket({
  open: openLine,
  cursor: () => useLive.getState().cursor,
  onOpen: () => useLive.setState(connected),
  onText(text) {
    const message = read(text);
    if (message === null) return false;
    const { shown, fault, fresh } = take(useLive.getState(), message, Date.now());
    if (fault) {
      useLive.setState(forgetCursor);
      return false;
    }
    useLive.setState(shown);
    if (fresh.length > 0) for (const hear of hearers) hear(fresh);
    if (message.type === 'snapshot' && shown.total > message.entries.items.length) {
      void fetchRestPatiently(shown.generation);
    }
    return true;
  },
  onLink: link => useLive.setState({ link }),
  stillSignedIn,
});

let listening = false;

/** Whether nobody can sign in as who has worked here: the user is disabled or removed. */
export const isBarred = ({ link }: { link: Link }): boolean => link.state === 'ended' && link.barred;

/** Begins to show; to be called once somebody has signed in. */
export function startLive(): void {
  if (!listening) {
    listening = true;
    window.addEventListener('online', () => socket.hurry());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') socket.hurry();
    });
  }
  socket.start();
}

/** Ends it and forgets what was shown: another person may sit down here. */
export function stopLive(): void {
  socket.stop();
  useLive.setState(live => ({ ...NOTHING, generation: live.generation + 1, link: { state: 'connecting' } }));
}

/** Shows the answer to a wish at once, before the change comes over the line. */
export function showAnswer(entry: Entry): void {
  useLive.setState(live => addAnswer(live, entry));
}

/** As {@link showAnswer}, of a note. */
export function showNote(note: Note): void {
  useLive.setState(live => addNote(live, note));
}

/** The server's clock, as well as we know it. */
export function serverNow(): number {
  return Date.now() + useLive.getState().ahead;
}
