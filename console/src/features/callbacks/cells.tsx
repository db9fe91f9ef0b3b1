import {
  IconAlertTriangle,
  IconCalendarClock,
  IconCalendarPlus,
  IconCheck,
  IconClock,
  IconHash,
  IconLogout,
  IconMicrophone,
  IconMoonStars,
  IconPhoneX,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRepeat,
  IconTransfer,
  IconUnlink,
  IconUser,
  IconWorld,
} from '@tabler/icons-react';
import { type ReactNode } from 'react';
import {
  type PromiseLook,
  type Why,
  promiseOf,
  heardLast,
  promiseWords,
  toPlay,
  triesOf,
  triesWords,
  useWho,
  whyOf,
  whyWords,
} from '@/entries';
import {
  age,
  brief,
  clock,
  daysBetween,
  fully,
  heard,
  moment,
  timer,
  useLanguage,
  useTranslation,
} from '@/i18n';
import {
  type Entry,
  agentName,
  campaignName,
  groupName,
  holder,
  queueName,
  serviceName,
  useAgentName,
  useNames,
  useSecond,
  useStep,
} from '@/live';
import { messageOf, playOrPause, usePlayback } from '@/playback';
import { NewMessage, useHeardWords } from '@/playback/heard-words';
import { Avatar, Chip, type Tone } from '@/ui';
import { businessOf } from './filter';
import styles from './list.module.css';

const CHIP: Partial<Record<PromiseLook['kind'], [Tone, ReactNode]>> = {
  later: ['hollow', <IconCalendarClock size={14} stroke={1.75} key="i" aria-hidden />],
  by: ['grey', <IconClock size={14} stroke={1.75} key="i" aria-hidden />],
  left: ['amber', <IconClock size={14} stroke={1.75} key="i" aria-hidden />],
  overdue: ['solid', <IconAlertTriangle size={14} stroke={1.75} key="i" aria-hidden />],
  kept: ['green', <IconCheck size={14} stroke={1.75} key="i" aria-hidden />],
  late: ['red', <IconAlertTriangle size={14} stroke={1.75} key="i" aria-hidden />],
};

/** The promise of an entry as it runs, or what is known instead. */
export function Promise({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useSecond();
  const look = promiseOf(entry, now);
  const words = promiseWords(t, language, look, now);
  const playing = usePlayback(state => (state.playing ? state.sound : null));
  const message = toPlay(entry, playing);
  if (look.kind === 'messages' && message !== undefined)
    return <PlayButton entry={entry} message={message} />;
  if (words === null) return null;
  const chip = CHIP[look.kind];
  if (chip === undefined) return <span className={styles.plain}>{words}</span>;
  return (
    <Chip tone={chip[0]} icon={chip[1]}>
      {words}
    </Chip>
  );
}

/** Plays a message in its place. */
function PlayButton({ entry, message }: { entry: Entry; message: string }) {
  const { t } = useTranslation();
  const own = usePlayback(state => (state.sound === message ? state : null));
  const who = useWho(entry);
  const name = own?.playing ? t('do.pause') : t('do.play', { who });
  return (
    <>
      <button
        type="button"
        className={styles.play}
        aria-label={heard(t, name)}
        title={name}
        onClick={event => {
          event.stopPropagation();
          void playOrPause(messageOf(message, entry.id));
        }}
      >
        {own?.playing ? (
          <IconPlayerPauseFilled size={12} aria-hidden />
        ) : (
          <IconPlayerPlayFilled size={12} aria-hidden />
        )}
      </button>
      {own?.playing ? (
        <span className={styles.plain}>{timer(own.at * 1_000)}</span>
      ) : (
        <IsHeard entry={entry} />
      )}
    </>
  );
}

/** Whether one of the messages is new, else who heard the last one first. */
function IsHeard({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  const heard = heardLast(entry);
  const words = useHeardWords(heard);
  if (heard === undefined || words === null) return <NewMessage />;
  const time = daysBetween(now, heard.at) === 0 ? clock(language, heard.at) : brief(language, heard.at, now);
  return (
    <span className={`${styles.stacked} ${styles.heard}`} title={words}>
      <span>{t('message.heardShort', { time })}</span>
      <span>{agentName(heard.by)}</span>
    </span>
  );
}

const WHY: Record<Why['kind'], ReactNode> = {
  pressed: <IconHash size={16} stroke={1.75} aria-hidden />,
  pressedMenu: <IconHash size={16} stroke={1.75} aria-hidden />,
  queue: <IconHash size={16} stroke={1.75} aria-hidden />,
  web: <IconWorld size={16} stroke={1.75} aria-hidden />,
  again: <IconRepeat size={16} stroke={1.75} aria-hidden />,
  cutOff: <IconUnlink size={16} stroke={1.75} aria-hidden />,
  message: <IconMicrophone size={16} stroke={1.75} aria-hidden />,
  leftQueue: <IconPhoneX size={16} stroke={1.75} aria-hidden />,
  leftOverflow: <IconLogout size={16} stroke={1.75} aria-hidden />,
  leftMenu: <IconPhoneX size={16} stroke={1.75} aria-hidden />,
  leftAfterHours: <IconMoonStars size={16} stroke={1.75} aria-hidden />,
  leftMessage: <IconMicrophone size={16} stroke={1.75} aria-hidden />,
  followUp: <IconCalendarPlus size={16} stroke={1.75} aria-hidden />,
  leftConnecting: <IconPhoneX size={16} stroke={1.75} aria-hidden />,
  leftTransfer: <IconTransfer size={16} stroke={1.75} aria-hidden />,
  missed: <IconPhoneX size={16} stroke={1.75} aria-hidden />,
};

/** Why somebody stands on the list: a shape and words. */
export function WhyWords({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const now = useStep(30_000);
  const why = whyOf(entry, now);
  const words = whyWords(t, desk, why);
  return (
    <>
      {WHY[why.kind]}
      <span className={styles.words} title={words}>
        {words}
      </span>
    </>
  );
}

/** Since when: the moment, and how long that is where there is room for it. */
export function Since({ at, bare = false }: { at: number; bare?: boolean }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(15_000);
  const today = daysBetween(now, at) === 0;
  return (
    <time dateTime={new Date(at).toISOString()} title={fully(language, at)}>
      {today ? clock(language, at) : moment(t, language, at, now)}
      {today && !bare && <span className={styles.age}> {age(t, now - at)}</span>}
    </time>
  );
}

/** How often somebody was tried, and how the last try ended below it. */
export function Tries({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const most = useNames(names => names.desk?.site.attempts ?? 0);
  const { made, result } = triesOf(entry);
  if (made === 0) return null;
  return (
    <span className={styles.stacked}>
      <span>{t('attempts.of', { made, most: Math.max(most, made) })}</span>
      {result !== null && result !== 'answered' && (
        <span className={styles.age}>{t(`result.${result}`)}</span>
      )}
    </span>
  );
}

/** When it came and how often somebody was tried: on a tablet below why, on a phone beside the promise, where there is room for less. */
export function SecondLine({ entry, short = false }: { entry: Entry; short?: boolean }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const tries = triesWords(t, desk, entry, short);
  return (
    <span className={short ? `${styles.age} ${styles.cut}` : styles.second}>
      <Since at={entry.last} bare={short && tries !== null} />
      {tries !== null && ` · ${tries}`}
    </span>
  );
}

/** Whose work it is: the line of business, and the group below it. */
export function For({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const { target } = entry;
  const key = businessOf(entry, desk);
  const business = key === null ? null : target.campaign ? campaignName(desk, key) : serviceName(desk, key);
  const group = target.group
    ? groupName(desk, target.group)
    : target.queue
      ? t('list.queueOf', { queue: queueName(desk, target.queue) })
      : null;
  return (
    <span className={styles.stacked} title={[business, group].filter(Boolean).join(', ')}>
      <span>{business}</span>
      {group !== null && <span className={styles.age}>{group}</span>}
    </span>
  );
}

/** To whom it was given; beside the button the tries stand below, whose column that takes. */
export function Assigned({ entry, tries = false }: { entry: Entry; tries?: boolean }) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const name = useAgentName(entry.assigned ?? null);
  const words = t('list.assignedTo', { name });
  const tried = tries ? triesWords(t, desk, entry) : null;
  if (!tries) {
    return (
      <span className={`${styles.second} ${styles.toWhom}`} title={words} data-assigned>
        {words}
      </span>
    );
  }
  return (
    <span className={`${styles.stacked} ${styles.given}`} title={[words, tried].filter(Boolean).join(', ')}>
      <span data-assigned>{words}</span>
      {tried !== null && <span className={styles.age}>{tried}</span>}
    </span>
  );
}

/** Who has it in hand, in the place of the button. */
export function Holder({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const name = useAgentName(holder(entry));
  const doing = {
    claimed: entry.state.call ? t('held.calling') : t('held.claimed'),
    attempting: t('held.calling'),
    talking: t('held.talking'),
    noting: t('held.noting'),
    waiting: '',
    closed: '',
  }[entry.state.name];
  return (
    <span className={styles.holder} title={`${name} ${doing}`}>
      <Avatar name={name} />
      <span className={styles.stacked}>
        <b>{name}</b>
        <span className={styles.age}>{doing}</span>
      </span>
    </span>
  );
}

/** What of it is mine: the claim runs down. */
function useMineWords(entry: Entry): string {
  const { t } = useTranslation();
  const now = useSecond();
  const { name, call, until } = entry.state;
  if (name === 'noting') return t('held.mineNoting');
  if (name === 'talking') return t('held.mineTalking');
  if (name === 'attempting' || call) return t('held.mineCalling');
  return t('held.mine', { time: timer(Math.max(0, (until ?? now) - now)) });
}

/** What of it is mine, beside the button. */
export function Mine({ entry }: { entry: Entry }) {
  const words = useMineWords(entry);
  return (
    <Chip
      tone={entry.state.name === 'noting' ? 'amber' : 'grey'}
      icon={<IconUser size={14} stroke={1.75} aria-hidden />}
    >
      {words}
    </Chip>
  );
}

/** What of it is mine, where there is no room beside the button. */
export function MineLine({ entry }: { entry: Entry }) {
  return <span className={styles.mineLine}>{useMineWords(entry)}</span>;
}
