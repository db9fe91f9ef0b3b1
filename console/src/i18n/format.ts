import { grouped } from './number';
import type { TFunction } from './speech';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number) => String(n).padStart(2, '0');

/** A running time: `m:ss`, from one hour on `h:mm:ss`. */
export function timer(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / SECOND));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** How long something is late or has left: minutes and seconds under an hour, then `1 h 05`, then days. */
export function span(t: TFunction, millis: number): string {
  if (millis < HOUR) return timer(millis);
  if (millis < DAY) {
    const hours = Math.floor(millis / HOUR);
    return t('time.hm', { hours, minutes: two(Math.floor(millis / MINUTE) % 60) });
  }
  return t('time.daysLong', { count: Math.floor(millis / DAY) });
}

/** The same where there is little room: from ten hours on without the minutes. */
export function shortSpan(t: TFunction, millis: number): string {
  if (millis < 10 * HOUR) return span(t, millis);
  if (millis < DAY) return t('time.hoursShort', { count: Math.floor(millis / HOUR) });
  return t('time.daysShort', { count: Math.floor(millis / DAY) });
}

/** An age: `now`, `14m`, `3h`, `2d`. */
export function age(t: TFunction, millis: number): string {
  if (millis < MINUTE) return t('time.now');
  if (millis < HOUR) return t('time.minutes', { count: Math.floor(millis / MINUTE) });
  if (millis < DAY) return t('time.hours', { count: Math.floor(millis / HOUR) });
  return t('time.days', { count: Math.floor(millis / DAY) });
}

/** A length in words: `45 seconds`, `12 minutes`. */
export function inWords(t: TFunction, seconds: number): string {
  return seconds < 60
    ? t('time.seconds', { count: Math.ceil(seconds) })
    : t('time.minutesLong', { count: Math.ceil(seconds / 60) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  let known = formats.get(key);
  if (known === undefined) {
    known = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', { hourCycle: 'h23', ...options });
    formats.set(key, known);
  }
  return known;
}

/** The time of day: `10:31`. */
export function clock(language: string, at: number): string {
  return format(language, { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** Whole days from one moment's day to another's, in the zone of the browser. */
export function daysBetween(from: number, to: number): number {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / DAY);
}

/** A moment: the time of day, with the day where it is another one than today. */
export function moment(t: TFunction, language: string, at: number, now: number): string {
  const days = daysBetween(now, at);
  const time = clock(language, at);
  if (days === 0) return time;
  if (days === -1 && language === 'zh') return t('time.yesterday', { time });
  if (days === 1) return t('time.tomorrow', { time });
  if (days > -7 && days < 7) return `${format(language, { weekday: 'short' }).format(at)} ${time}`;
  return `${format(language, { day: 'numeric', month: 'short' }).format(at)} ${time}`;
}

/** A window of time: `11:00–12:00`, with the day where it is another one than today; one over midnight is plain without its second. */
export function windowOf(t: TFunction, language: string, from: number, to: number, now: number): string {
  const begin = clock(language, from);
  const end = to - from < DAY / 2 ? clock(language, to) : brief(language, to, now);
  const window = from === to ? begin : `${begin}–${end}`;
  const days = daysBetween(now, from);
  if (days === 0) return window;
  if (days === 1) return t('time.tomorrowWindow', { window });
  const day =
    Math.abs(days) < 7 ? ({ weekday: 'short' } as const) : ({ day: 'numeric', month: 'short' } as const);
  return `${format(language, day).format(from)} ${window}`;
}

/** A moment of another day where there is little room: `Sat 00:31`, beyond a week `4 Dec 00:31`. */
export function brief(language: string, at: number, now: number): string {
  const near = Math.abs(daysBetween(now, at)) < 7;
  const day = near ? ({ weekday: 'short' } as const) : ({ day: 'numeric', month: 'short' } as const);
  return `${format(language, day).format(at)} ${clock(language, at)}`;
}

/** A day with its year: `27 Nov 2026`. */
export function day(language: string, at: number): string {
  return format(language, { day: 'numeric', month: 'short', year: 'numeric' }).format(at);
}

/** A moment in full, for tooltips and pages: day, month, time with seconds. */
export function fully(language: string, at: number): string {
  return format(language, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(at);
}

const numbers = new Map<string, string>();

/**
 * A number as people read it: `+86 138 0013 8000`. What is no number, such as one that the server has masked, stays as it
 * is.
 */
export function phoneNumber(number: string): string {
  let shown = numbers.get(number);
  if (shown === undefined) {
    shown = grouped(number);
    // As many as a long list has.
    if (numbers.size >= 20_000) numbers.clear();
    numbers.set(number, shown);
  }
  return shown;
}
