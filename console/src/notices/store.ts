import { create } from 'zustand';
import type { TFunction } from '@/i18n';

/** Something in words of the language that it is asked for in, so that what stands on the page turns with the page. */
export type Saying = (t: TFunction) => string;

/** Something that is said at the bottom of the page. It takes room of its own there and covers nothing. */
export interface Notice {
  id: string;
  /** `request` is somebody who asks to be called; `done` what was just done; `info` what somebody should know. */
  kind: 'request' | 'done' | 'info' | 'refused';
  title: Saying;
  words?: Saying;
  /** One thing that can be done about it. */
  act?: { label: Saying; do: () => void };
  /** It goes by itself after so many milliseconds, but not while somebody points at it. */
  lasts: number;
}

interface Notices {
  /** Oldest first. */
  notices: readonly Notice[];
}

export const useNotices = create<Notices>(() => ({ notices: [] }));

/** A request stays at least so long. */
export const REQUEST_LASTS = 12_000;
/** *Undo* is offered for so long. */
export const UNDO_LASTS = 10_000;
/** What needs nothing but to be read. */
const READ_LASTS = 8_000;

/** More than this are not kept: the list and the bell have everything. */
const MOST = 20;

let count = 0;

/** Says something; under the id of something that is said already, it takes its place. */
export function say(notice: Omit<Notice, 'id' | 'lasts'> & { id?: string; lasts?: number }): string {
  const id = notice.id ?? `notice-${++count}`;
  const lasts = notice.lasts ?? (notice.act ? UNDO_LASTS : READ_LASTS);
  useNotices.setState(({ notices }) => ({
    notices: [...notices.filter(one => one.id !== id), { ...notice, id, lasts }].slice(-MOST),
  }));
  return id;
}

/** Takes something back that was said. */
export function unsay(id: string): void {
  useNotices.setState(({ notices }) => ({ notices: notices.filter(one => one.id !== id) }));
}

/** The two that are shown: what answers a press before what came by itself, then the latest. */
export function shownOf(notices: readonly Notice[]): readonly Notice[] {
  const answers = notices.filter(one => one.kind !== 'request').slice(-1);
  const requests = notices.filter(one => one.kind === 'request').slice(-(2 - answers.length));
  const more = answers.length === 1 && requests.length === 0 ? notices.slice(-2) : [...requests, ...answers];
  return more;
}
