import { Menu } from '@mantine/core';
import {
  IconBan,
  IconCalendarTime,
  IconCircleCheck,
  IconCopy,
  IconArrowBackUp,
  IconEye,
  IconHandGrab,
  IconHandStop,
  IconPhone,
  IconPhonePlus,
  IconRefresh,
  IconUserShare,
} from '@tabler/icons-react';
import { type CSSProperties, type ReactNode, type Ref } from 'react';
import {
  acknowledge,
  allowMore,
  callBack,
  claim,
  holdOf,
  mayCall,
  mayNote,
  mayTakeBack,
  release,
  reopen,
  takeBackServed,
  unblock,
  useWho,
} from '@/entries';
import { heard, phoneNumber, useTranslation } from '@/i18n';
import { type Entry, isOpen, serverNow, useLive } from '@/live';
import { type Saying, say } from '@/notices';
import styles from './list.module.css';

/** What needs to be asked before it is done. */
export interface Asked {
  what: 'postpone' | 'outcome' | 'assign' | 'block';
  entry: Entry;
}

interface Action {
  id: string;
  words: string;
  icon: ReactNode;
  do: () => void;
}

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** Everything that may be done with an entry by this viewer, beside calling back. */
export function useActions(entry: Entry, onAsk: (asked: Asked) => void): Action[][] {
  const { t } = useTranslation();
  const me = useLive(live => live.me);
  const agent = me?.agent ?? null;
  const hold = holdOf(entry, agent);
  const { name, call } = entry.state;
  const inCall = name === 'attempting' || name === 'talking' || Boolean(call);
  const oversees = me?.role === 'supervisor' || me?.role === 'administrator';
  const ask = (what: Asked['what']) => () => onAsk({ what, entry });
  const words = { claim: t('do.claim'), release: t('do.release') };
  const all: (Action | false)[][] = [
    [
      name === 'waiting' &&
        agent !== null && {
          id: 'claim',
          words: words.claim,
          icon: <IconHandGrab {...icon} />,
          do: () => void claim(entry),
        },
      (hold === 'mine' || (hold === 'other' && oversees)) &&
        !inCall && {
          id: 'release',
          words: words.release,
          icon: <IconHandStop {...icon} />,
          do: () => void release(entry),
        },
      isOpen(entry) &&
        !inCall &&
        (hold !== 'other' || oversees) && {
          id: 'postpone',
          words: t('do.postpone'),
          icon: <IconCalendarTime {...icon} />,
          do: ask('postpone'),
        },
      isOpen(entry) &&
        !inCall &&
        (hold !== 'other' || oversees) && {
          id: 'outcome',
          words: name === 'noting' ? t('do.outcome') : t('do.close'),
          icon: <IconCircleCheck {...icon} />,
          do: ask('outcome'),
        },
      mayTakeBack(entry, serverNow()) && {
        id: 'takeBack',
        words: t('do.takeBackServed'),
        icon: <IconArrowBackUp {...icon} />,
        do: () => void takeBackServed(entry),
      },
      !isOpen(entry) && {
        id: 'reopen',
        words: t('do.reopen'),
        icon: <IconRefresh {...icon} />,
        do: () => void reopen(entry),
      },
      entry.state.reason === 'unreachable' &&
        !entry.acknowledged && {
          id: 'seen',
          words: t('do.seen'),
          icon: <IconEye {...icon} />,
          do: () => void acknowledge(entry),
        },
    ],
    [
      oversees &&
        isOpen(entry) && {
          id: 'assign',
          words: t('do.assign'),
          icon: <IconUserShare {...icon} />,
          do: ask('assign'),
        },
      oversees &&
        isOpen(entry) &&
        entry.attempts.length > 0 && {
          id: 'allow',
          words: t('do.allowMore'),
          icon: <IconPhonePlus {...icon} />,
          do: () => void allowMore(entry),
        },
    ],
    [
      Boolean(entry.number?.startsWith('+')) && {
        id: 'copy',
        words: t('do.copy'),
        icon: <IconCopy {...icon} />,
        do: () => void copyNumber(entry.number ?? '', t => t('done.copied')),
      },
      me?.role === 'administrator' &&
        entry.blocked && {
          id: 'unblock',
          words: t('do.unblock'),
          icon: <IconBan {...icon} />,
          do: () => void unblock(entry),
        },
      me?.role === 'administrator' &&
        !entry.blocked &&
        Boolean(entry.number?.startsWith('+')) && {
          id: 'block',
          words: t('do.block'),
          icon: <IconBan {...icon} />,
          do: ask('block'),
        },
    ],
  ];
  return all.map(group => group.filter(action => action !== false)).filter(group => group.length > 0);
}

/** Browsers let a page write to the clipboard by HTTPS and on this machine; elsewhere the number is shown to be copied. */
async function copyNumber(number: string, words: Saying): Promise<void> {
  try {
    await navigator.clipboard.writeText(number);
    say({ id: 'copied', kind: 'done', title: words, lasts: 3_000 });
  } catch {
    say({ id: 'copied', kind: 'info', title: () => phoneNumber(number) });
  }
}

interface MoreProps {
  entry: Entry;
  button: HTMLElement;
  onAsk: (asked: Asked) => void;
  onOpen: (id: string) => void;
  onClose: () => void;
}

/** One menu for all rows: it stands where the button is that was pressed. */
export function More({ entry: seen, button, onAsk, onOpen, onClose }: MoreProps) {
  const { t } = useTranslation();
  const entry = useLive(live => live.entries.get(seen.id)) ?? seen;
  const me = useLive(live => live.me?.agent ?? null);
  const who = useWho(entry);
  const groups = useActions(entry, onAsk);
  const { top, left, width, height } = button.getBoundingClientRect();
  const close = () => {
    onClose();
    button.focus();
  };
  return (
    <Menu opened onChange={opened => !opened && close()} position="bottom-end" returnFocus={false}>
      <Menu.Target>
        <Anchor style={{ top, left, width, height }} words={t('do.moreFor', { who: heard(t, who) })} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onOpen(entry.id)}>{t('do.open')}</Menu.Item>
        {mayNote(entry, me) && mayCall(entry, me) && (
          <Menu.Item leftSection={<IconPhone {...icon} />} onClick={() => void callBack(entry)}>
            {t('do.callBack')}
          </Menu.Item>
        )}
        {groups.map((group, index) => (
          <MenuGroup key={index} actions={group} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Where the menu stands and how it is called. The button in the row is what says that it has a menu, and whether that is open. */
function Anchor({ ref, id, style, words }: AnchorProps) {
  return (
    <span ref={ref} id={id} className={styles.anchor} style={style}>
      <span className="only-heard">{words}</span>
    </span>
  );
}

interface AnchorProps {
  /** Both are given by the menu. */
  ref?: Ref<HTMLSpanElement>;
  id?: string;
  style: CSSProperties;
  words: string;
}

function MenuGroup({ actions }: { actions: Action[] }) {
  return (
    <>
      <Menu.Divider />
      {actions.map(action => (
        <Menu.Item key={action.id} leftSection={action.icon} onClick={action.do}>
          {action.words}
        </Menu.Item>
      ))}
    </>
  );
}
