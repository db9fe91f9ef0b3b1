import type { TFunction } from '@/i18n';
import { brief, clock, daysBetween, moment, phoneNumber, shortSpan, timer, windowOf } from '@/i18n';
import { type Desk, type Entry, agentName, queueName, useLive } from '@/live';
import { customerName } from './known';
import { type PromiseLook, type Why, triesOf, whyOf } from './look';

/** The number that somebody called from, as it is shown. */
export function numberOf(t: TFunction, entry: Entry): string {
  return entry.number ? phoneNumber(entry.number) : t('list.unknownNumber');
}

/** Who has arranged something: an agent, or by the account where it was written down like that. */
export function accountName(by: string): string {
  const { me } = useLive.getState();
  return agentName(me?.user === by && me.agent !== null ? me.agent : by);
}

/** How somebody is called in everything that is said of them: by name where it is known, else by number. */
export function whoIs(t: TFunction, entry: Entry): string {
  return customerName(entry) ?? numberOf(t, entry);
}

/** Why somebody stands on the list, in words. */
export function whyWords(t: TFunction, desk: Desk | null, why: Why): string {
  switch (why.kind) {
    case 'pressed':
      return t('why.pressed', { key: why.key, queue: queueName(desk, why.queue) });
    case 'pressedMenu':
      return t('why.pressedMenu', { key: why.key });
    case 'queue':
      return t('why.queue', { queue: queueName(desk, why.queue) });
    case 'web':
      return t('why.web');
    case 'followUp':
      return t('why.followUp', { name: accountName(why.by) });
    case 'again':
      return t('why.again', { result: t(`resultCap.${why.result}`) });
    case 'cutOff':
      return t('why.cutOff', { count: why.count });
    case 'message':
      return t('why.message', { count: why.count });
    case 'leftQueue':
      return t('why.leftQueue', { queue: queueName(desk, why.queue) });
    case 'leftOverflow':
      return t('why.leftOverflow', { queue: queueName(desk, why.queue) });
    default:
      return t(`why.${why.kind}`);
  }
}

/** A promise in words; nothing where there is nothing to say. */
export function promiseWords(t: TFunction, language: string, look: PromiseLook, now: number): string | null {
  switch (look.kind) {
    case 'later':
      // With the name of a day there is room for its beginning alone; the entry's page has all of it.
      return daysBetween(now, look.from) === 0
        ? windowOf(t, language, look.from, look.to, now)
        : brief(language, look.from, now);
    case 'by':
      // A full line is promised for, and a request before midnight, until another day.
      return t('chip.by', {
        time: daysBetween(now, look.at) === 0 ? clock(language, look.at) : brief(language, look.at, now),
      });
    case 'left':
      return t('chip.left', { time: shortSpan(t, look.left) });
    case 'overdue':
      return t('chip.overdue', { time: shortSpan(t, look.late) });
    case 'kept':
      return t('chip.kept', { time: clock(language, look.at) });
    case 'late':
      return t('chip.late', { time: shortSpan(t, look.late) });
    case 'talked':
      return t('chip.talked', { time: timer(look.time) });
    case 'waited':
      return t('chip.waited', { time: timer(look.time) });
    case 'messages':
    case 'none':
      return null;
  }
}

/** How often somebody was tried, in words, and unless they are to be short how the last try ended; nothing before the first time. */
export function triesWords(t: TFunction, desk: Desk | null, entry: Entry, short = false): string | null {
  const { made, result } = triesOf(entry);
  if (made === 0) return null;
  const most = Math.max(desk?.site.attempts ?? made, made);
  if (short) return t('attempts.short', { made, most });
  if (result === null || result === 'answered') return t('attempts.of', { made, most });
  // What is tried again says the result already.
  return t('attempts.ofWith', { made, most, result: t(`result.${result}`) });
}

/** The second line of a notice about a request: why, and by when it was promised. */
export function requestWords(
  t: TFunction,
  language: string,
  desk: Desk | null,
  entry: Entry,
  now: number,
): string {
  const why = whyWords(t, desk, whyOf(entry, now));
  const promise = entry.request?.promise;
  return promise ? t('alert.promised', { why, time: moment(t, language, promise.to, now) }) : why;
}
