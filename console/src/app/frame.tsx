import { given } from '@/api';
import {
  IconAddressBook,
  IconCalendarStats,
  IconDialpad,
  IconEye,
  IconHistory,
  IconKeyboard,
  IconListDetails,
  IconMoon,
  IconSearch,
  IconSettings,
  IconSun,
  IconUser,
} from '@tabler/icons-react';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Suspense, lazy, useCallback, useEffect, useState } from 'react';
import { useTranslation } from '@/i18n';
import { holding, listenToKeys, shownKeys, useKey, useKeys } from '@/keys';
import { type AgentState, useLive, useMyAgent } from '@/live';
import { wakeSound } from '@/notices';
import { useAdministers } from '@/session';
import { Badge, Button, KeyCap, Mark, Room, useFocusOnPage, useRoomOf, useScheme, useWidth } from '@/ui';
import { StateButton, StateGlyph, changeState } from '@/features/agent-state';
import { Bell, Dock, beginToTell } from '@/features/alerts';
import { bringAhead } from './ahead';
import { callFirstOfAll } from './call-first';
import styles from './frame.module.css';
import { LinkLight } from './link-light';
import { LanguageMenu, PersonMenu, ThemeMenu } from './menus';
import { Panel } from './panel';
import { useScreenPop } from './screen-pop';
import { useTabTitle, useToDo } from './tab-title';

const Palette = lazy(() => import('@/features/palette').then(module => ({ default: module.Palette })));
const KeysDialog = lazy(() => import('@/features/keys').then(module => ({ default: module.KeysDialog })));

/** States in which the phone stands beside the page, however narrow that is. */
const ON_THE_PHONE: readonly AgentState[] = ['ringing', 'talking', 'held', 'wrap_up'];

interface PanelPlace {
  there: boolean;
  shown: boolean;
  /** It takes the place of the page. */
  alone: boolean;
  toggle: () => void;
  /** Somebody goes to a page: where there is room for one of the two alone, that is the page. */
  giveWay: () => void;
}

/** Whether the phone stands beside the page: always where there is room, in a call, and where it was opened. */
function usePanel(): PanelPlace {
  const agent = useMyAgent();
  const leg = useLive(live => live.phone?.calls[0]?.leg ?? null);
  const width = useWidth();
  const there = agent !== null;
  const busy = there && (leg !== null || ON_THE_PHONE.includes(agent.state));
  // What was chosen holds until a call comes or goes.
  const [chosen, setChosen] = useState({ busy: false, open: false });
  const alone = width === 'phone';
  const choice = chosen.busy === busy ? chosen.open : busy;
  const shown = there && (width === 'wide' || choice || (busy && !alone));
  return {
    there,
    shown,
    alone: shown && alone,
    toggle: () => setChosen({ busy, open: !choice }),
    giveWay: () => alone && setChosen({ busy, open: false }),
  };
}

/** Everything around the pages. The agent's phone stands at the right of every page. */
export function Frame() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [jumping, setJumping] = useState(false);
  const [keys, setKeys] = useState(false);
  const panel = usePanel();
  const [work, room] = useRoomOf();
  const openEntry = useCallback(
    (entry: string) => void navigate({ to: '/list/$entry', params: { entry } }),
    [navigate],
  );
  const customer = useScreenPop();
  useTabTitle();
  useEffect(() => bringAhead(customer !== null), [customer]);
  useEffect(() => listenToKeys(), []);
  useEffect(() => beginToTell(openEntry), [openEntry]);
  useEffect(() => {
    window.addEventListener('pointerdown', wakeSound, { once: true });
    window.addEventListener('keydown', wakeSound, { once: true });
  }, []);
  useKey('palette', () => setJumping(true));
  useKey('help', () => setKeys(true));
  useKey('callFirst', () => callFirstOfAll());
  useListAndBack();
  // Of the page that stands there, not of the one that is on its way.
  useFocusOnPage(
    useRouterState({ select: state => state.resolvedLocation?.pathname ?? state.location.pathname }),
  );
  return (
    <div className={`${styles.frame} ${panel.shown ? styles.withPanel : ''}`}>
      <a href="#work" className={styles.skip}>
        {t('app.skip')}
      </a>
      <Header onJump={() => setJumping(true)} onOpen={openEntry} />
      <Rail
        onKeys={() => setKeys(true)}
        customer={customer}
        phone={panel.there ? panel : null}
        onGo={panel.giveWay}
      />
      <main className={styles.work} id="work" tabIndex={-1} ref={work}>
        <div className={styles.page}>
          <Room value={room}>
            <Outlet />
          </Room>
        </div>
        <Dock />
      </main>
      {panel.there && (
        // On a phone it takes the place of the page, and is what the document is about then.
        <aside className={styles.panel} hidden={!panel.shown} role={panel.alone ? 'none' : undefined}>
          <div className={styles.phone} role={panel.alone ? 'main' : undefined}>
            {panel.alone && <h1 className="only-heard">{t('phone.title')}</h1>}
            <Panel />
          </div>
        </aside>
      )}
      <Suspense fallback={null}>
        {jumping && (
          <JumpTo onOpen={openEntry} onKeys={() => setKeys(true)} onClose={() => setJumping(false)} />
        )}
        {keys && <KeysDialog onClose={() => setKeys(false)} />}
      </Suspense>
    </div>
  );
}

/** `Alt L`: to the list, and back to where one was. */
function useListAndBack(): void {
  const navigate = useNavigate();
  const path = useRouterState({ select: state => state.location.pathname });
  const [before, setBefore] = useState<string | null>(null);
  useKey('list', () => {
    if (path === '/list') {
      if (before !== null) void navigate({ to: before });
    } else {
      setBefore(path);
      void navigate({ to: '/list' });
    }
  });
}

function Header({ onJump, onOpen }: { onJump: () => void; onOpen: (entry: string) => void }) {
  const { t } = useTranslation();
  const changed = useKeys(state => state.changed);
  return (
    <header className={styles.header}>
      <Link to="/list" className={styles.mark} aria-label={t('app.name')}>
        <Mark />
      </Link>
      <span className={styles.name} aria-hidden>
        {t('app.name')}
      </span>
      <StateButton />
      <span className={styles.spring} />
      <Button
        className={`${styles.search} ${styles.wide}`}
        icon={<IconSearch size={16} stroke={1.75} aria-hidden />}
        onClick={onJump}
      >
        <span className={styles.searchWords}>{t('header.search')}</span>
        <span className={`${styles.searchWords} ${styles.searchKey}`}>
          <KeyCap>{shownKeys(holding(changed).palette).join(' ')}</KeyCap>
        </span>
      </Button>
      <LinkLight />
      <div className={styles.icons}>
        <Bell onOpen={onOpen} />
        <span className={styles.wide}>
          <LanguageMenu />
        </span>
        <span className={styles.wide}>
          <ThemeMenu />
        </span>
      </div>
      <PersonMenu />
    </header>
  );
}

/** How many notes of calls this agent has still to do. */
function useOpenNotes(): number {
  return useLive(live => {
    let count = 0;
    for (const note of live.notes.values()) if (note.open && given(note.ended)) count += 1;
    return count;
  });
}

interface RailProps {
  onKeys: () => void;
  /** The call in hand, where there is one with somebody outside. */
  customer: string | null;
  /** Somebody goes to a page. */
  onGo: () => void;
  /** Nothing for who has no phone. */
  phone: PanelPlace | null;
}

function Rail({ onKeys, customer, onGo, phone }: RailProps) {
  const { t } = useTranslation();
  const todo = useToDo();
  const notes = useOpenNotes();
  const address = useRouterState({ select: state => state.location.pathname });
  // Where the phone has taken the place of the page, no page is what one looks at.
  const path = phone?.alone ? '' : address;
  const administers = useAdministers();
  return (
    <nav className={styles.rail} aria-label={t('app.main')}>
      <Link
        onClick={onGo}
        to="/list"
        className={styles.place}
        aria-current={path.startsWith('/list') ? 'page' : undefined}
        title={t('app.desk')}
      >
        <IconListDetails size={20} stroke={1.75} aria-hidden />
        <span className={styles.word}>{t('app.desk')} </span>
        <span className={styles.count}>
          <Badge count={todo} />
        </span>
      </Link>
      {customer !== null && (
        <Link
          onClick={onGo}
          to="/customer/$call"
          params={{ call: customer }}
          className={styles.place}
          aria-current={path.startsWith('/customer') ? 'page' : undefined}
          title={t('app.customer')}
        >
          <IconUser size={20} stroke={1.75} aria-hidden />
          <span className={styles.word}>{t('app.customer')}</span>
        </Link>
      )}
      <Link
        onClick={onGo}
        to="/contacts"
        className={styles.place}
        aria-current={path.startsWith('/contacts') ? 'page' : undefined}
        title={t('app.contacts')}
      >
        <IconAddressBook size={20} stroke={1.75} aria-hidden />
        <span className={styles.word}>{t('app.contacts')}</span>
      </Link>
      {phone !== null && (
        <Link
          onClick={onGo}
          to="/today"
          className={`${styles.place} ${styles.wide}`}
          aria-current={path === '/today' ? 'page' : undefined}
          title={t('app.today')}
        >
          <IconCalendarStats size={20} stroke={1.75} aria-hidden />
          <span className={styles.word}>{t('app.today')}</span>
        </Link>
      )}
      <Link
        onClick={onGo}
        to="/history"
        className={`${styles.place} ${styles.wide}`}
        aria-current={path.startsWith('/history') ? 'page' : undefined}
        title={t('past.title')}
      >
        <IconHistory size={20} stroke={1.75} aria-hidden />
        <span className={styles.word}>{t('past.title')}</span>
      </Link>
      {phone !== null && (
        <button
          type="button"
          className={`${styles.place} ${styles.narrow}`}
          aria-pressed={phone.shown}
          title={t(phone.shown ? 'phone.close' : 'phone.open')}
          onClick={phone.toggle}
        >
          <IconDialpad size={20} stroke={1.75} aria-hidden />
          <span className={styles.word}>{t('phone.title')} </span>
          <span className={styles.count}>
            <Badge count={notes} />
          </span>
        </button>
      )}
      {administers && (
        <Link
          to="/audit"
          className={styles.place}
          aria-current={path === '/audit' ? 'page' : undefined}
          title={t('audit.title')}
        >
          <IconEye size={20} stroke={1.75} aria-hidden />
          <span className={styles.word}>{t('audit.title')}</span>
        </Link>
      )}
      <Link
        onClick={onGo}
        to="/settings"
        className={`${styles.place} ${styles.last}`}
        aria-current={path === '/settings' ? 'page' : undefined}
        title={t('app.settings')}
      >
        <IconSettings size={20} stroke={1.75} aria-hidden />
        <span className={styles.word}>{t('app.settings')}</span>
      </Link>
      <button
        type="button"
        className={`${styles.place} ${styles.wide}`}
        title={t('app.keys')}
        onClick={onKeys}
      >
        <IconKeyboard size={20} stroke={1.75} aria-hidden />
        <span className={styles.word}>{t('app.keys')} ?</span>
      </button>
    </nav>
  );
}

interface JumpProps {
  onOpen: (entry: string) => void;
  onKeys: () => void;
  onClose: () => void;
}

function JumpTo({ onOpen, onKeys, onClose }: JumpProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const agent = useMyAgent();
  const { shown, choose } = useScheme();
  const administers = useAdministers();
  const icon = { size: 18, stroke: 1.75, 'aria-hidden': true } as const;
  const works = agent !== null && agent.state !== 'not_signed_in';
  const pages = [
    {
      id: 'list',
      label: t('list.title'),
      icon: <IconListDetails {...icon} />,
      do: () => void navigate({ to: '/list' }),
    },
    {
      id: 'contacts',
      label: t('app.contacts'),
      icon: <IconAddressBook {...icon} />,
      do: () => void navigate({ to: '/contacts' }),
    },
    ...(agent === null
      ? []
      : [
          {
            id: 'today',
            label: t('app.today'),
            icon: <IconCalendarStats {...icon} />,
            do: () => void navigate({ to: '/today' }),
          },
        ]),
    {
      id: 'history',
      label: t('past.title'),
      icon: <IconHistory {...icon} />,
      do: () => void navigate({ to: '/history' }),
    },
    {
      id: 'settings',
      label: t('app.settings'),
      icon: <IconSettings {...icon} />,
      do: () => void navigate({ to: '/settings' }),
    },
    ...(administers
      ? [
          {
            id: 'audit',
            label: t('audit.title'),
            icon: <IconEye {...icon} />,
            do: () => void navigate({ to: '/audit' }),
          },
        ]
      : []),
    { id: 'keys', label: t('keys.title'), icon: <IconKeyboard {...icon} />, do: onKeys },
  ];
  const actions = [
    ...(agent !== null && !works
      ? [
          {
            id: 'sign-in',
            label: t('stateMenu.signIn'),
            icon: <StateGlyph state="available" />,
            do: () => void changeState({ action: 'sign_in' }),
          },
        ]
      : []),
    ...(works
      ? (['available', 'not_ready'] as const).map(state => ({
          id: state,
          label: t('palette.setState', { state: t(`state.${state}`) }),
          icon: <StateGlyph state={state} />,
          do: () => void changeState({ action: state }),
        }))
      : []),
    {
      id: 'theme',
      label: `${t('header.theme')}: ${shown === 'dark' ? t('header.light') : t('header.dark')}`,
      icon: shown === 'dark' ? <IconSun {...icon} /> : <IconMoon {...icon} />,
      do: () => choose(shown === 'dark' ? 'light' : 'dark'),
    },
  ];
  return <Palette pages={pages} actions={actions} onOpenEntry={onOpen} onClose={onClose} />;
}
