import { isArrangedBy, isReopenedHere, learnNames, requestWords, whoIs } from '@/entries';
import { given } from '@/api';
import { type TFunction, spoken, windowOf } from '@/i18n';
import { type Entry, type Reminder, type Shown, onReminders, serverNow, useLive, useNames } from '@/live';
import {
  REQUEST_LASTS,
  type Saying,
  isFirstToTell,
  isNewHere,
  notifyDesktop,
  playSound,
  say,
  unsay,
  useNotices,
  useWishes,
} from '@/notices';

/** More than this at once, as at the start of work, are told in one sentence: the bell has them all. */
const MOST_AT_ONCE = 2;

const SUMMARY = 'reminders';

function words(reminder: Reminder): { title: Saying; words: Saying } {
  const entry = useLive.getState().entries.get(reminder.entry);
  return {
    title: t => t(`alert.${reminder.kind}`, { who: entry ? whoIs(t, entry) : '' }),
    words: t => {
      if (entry === undefined) return '';
      return reminder.kind === 'unreachable'
        ? t('alert.tries', { count: entry.attempts.length })
        : requestWords(t, spoken.language, useNames.getState().desk, entry, serverNow());
    },
  };
}

function tell(reminder: Reminder, open: (entry: string) => void): void {
  const show = () => open(reminder.entry);
  const act = { label: (t: TFunction) => t('alert.show'), do: show };
  const said = words(reminder);
  say({ id: reminder.id, kind: 'request', ...said, act, lasts: REQUEST_LASTS });
}

/** So long after it was arranged, and before its time, whoever did that needs not to be told of it, in milliseconds. */
const JUST_ARRANGED = 60_000;

/** What this agent has just arranged is no news to them. */
export function isOwnDoing(reminder: Reminder): boolean {
  const { entries, me } = useLive.getState();
  const request = entries.get(reminder.entry)?.request;
  const mine = isArrangedBy(me, request?.path);
  const now = serverNow();
  const early = now - (request?.asked ?? 0) < JUST_ARRANGED || now < (request?.promise.from ?? 0);
  return reminder.kind === 'request' && ((mine && early) || isReopenedHere(reminder.entry));
}

/** So long it is waited for the names of those who are told of, in milliseconds; after that their numbers stand there. */
const NAMED_WITHIN = 150;

/** Tells of reminders as they come: once for each id, in every tab by a notice, in one of them by sound and desktop. */
async function hear(reminders: Reminder[], open: (entry: string) => void): Promise<void> {
  const came = reminders.filter(one => isNewHere(one.id) && !isOwnDoing(one));
  const toTell = new Set(came.filter(one => isFirstToTell(one.id)));
  if ([...toTell].some(one => one.sounds) && useWishes.getState().sound) void playSound();
  if (came.length <= MOST_AT_ONCE)
    await learnNames(
      came.map(one => one.entry),
      NAMED_WITHIN,
    );
  // Somebody may have taken it meanwhile.
  const fresh = came.filter(one => useLive.getState().reminders.has(one.id));
  if (fresh.length > MOST_AT_ONCE) {
    const [first] = [...fresh].sort((one, other) => other.since - one.since);
    say({
      id: SUMMARY,
      kind: 'request',
      title: t => t('alert.many', { count: fresh.length }),
      words: t => t('alert.moreOnTheBell'),
      act: first && { label: t => t('alert.show'), do: () => open(first.entry) },
      lasts: REQUEST_LASTS,
    });
  } else {
    for (const reminder of fresh) tell(reminder, open);
  }
  for (const reminder of fresh.filter(one => toTell.has(one)).slice(-MOST_AT_ONCE)) {
    const said = words(reminder);
    notifyDesktop(reminder.id, said.title(spoken.t), said.words(spoken.t), () => open(reminder.entry));
  }
}

/** Those whom this agent had claimed, and for whom a colleague has agreed upon a time with the customer since: the claim has fallen. */
export function agreedMeanwhile(
  now: Pick<Shown, 'entries' | 'me'>,
  before: Pick<Shown, 'entries' | 'me'>,
): Entry[] {
  const me = before.me?.agent;
  if (now.entries === before.entries || !given(me)) return [];
  return [...before.entries.values()].flatMap(was => {
    if (was.state.name !== 'claimed' || was.state.agent !== me) return [];
    const is = now.entries.get(was.id);
    const { agreed_by: by } = is?.request ?? {};
    if (is?.state.name !== 'waiting' || !given(by) || by === me) return [];
    const agreed = ({ request }: Entry) =>
      [request?.agreed_in, request?.agreed_by, request?.promise.from].join();
    // The same time may be for the colleague alone now.
    const moved = agreed(is) !== agreed(was) || (is.assigned === by && was.assigned !== by);
    return moved ? [is] : [];
  });
}

/** Begins to tell; the answer ends it. */
export function beginToTell(open: (entry: string) => void): () => void {
  const endHearing = onReminders(reminders => void hear(reminders, open));
  const endWithdrawing = useLive.subscribe((live, before) => {
    if (live.reminders === before.reminders) return;
    for (const { id } of useNotices.getState().notices) {
      if (before.reminders.has(id) && !live.reminders.has(id)) unsay(id);
    }
    if (live.reminders.size === 0) unsay(SUMMARY);
  });
  const endAgreeing = useLive.subscribe((live, before) => {
    for (const entry of agreedMeanwhile(live, before)) {
      const time = (t: TFunction) =>
        windowOf(
          t,
          spoken.language,
          entry.request?.promise.from ?? 0,
          entry.request?.promise.to ?? 0,
          serverNow(),
        );
      // In place of what was said of the claim.
      say({
        id: `did-${entry.id}`,
        kind: 'info',
        title: t => t('done.agreedMeanwhile', { who: whoIs(t, entry), time: time(t) }),
      });
    }
  });
  return () => {
    endHearing();
    endAgreeing();
    endWithdrawing();
  };
}
