import {
  IconDialpad,
  IconKeyboard,
  IconListDetails,
  IconMoon,
  IconSearch,
  IconSettings,
  IconSun,
} from '@tabler/icons-react';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Suspense, lazy, useCallback, useEffect, useState } from 'react';
import { useTranslation } from '@/i18n';
import { holding, listenToKeys, shownKeys, useKey, useKeys } from '@/keys';
import { type AgentState, useLive, useMyAgent } from '@/live';
import { wakeSound } from '@/notices';
import { Badge, Button, KeyCap, Mark, useScheme, useWidth } from '@/ui';
import { StateButton, StateGlyph, changeState } from '@/features/agent-state';
import { Bell, Dock, beginToTell } from '@/features/alerts';
import { callFirstOfAll } from './call-first';
import styles from './frame.module.css';
import { LinkLight } from './link-light';
import { LanguageMenu, PersonMenu, ThemeMenu } from './menus';
import { useTabTitle, useToDo } from './tab-title';

const Palette = lazy(() => import('@/features/palette').then(module => ({ default: module.Palette })));
const CallPanel = lazy(() => import('@/features/call').then(module => ({ default: module.CallPanel })));
const KeysDialog = lazy(() => import('@/features/keys').then(module => ({ default: module.KeysDialog })));

/** States in which the phone stands beside the page, however narrow that is. */
const ON_THE_PHONE: readonly AgentState[] = ['ringing', 'talking', 'held', 'wrap_up'];

/** Whether the phone stands beside the page: always where there is room, in a call, and where it was opened. */
function usePanel(): { there: boolean; shown: boolean; toggle: () => void } {
  const agent = useMyAgent();
  const legs = useLive(live => live.phone?.calls.length ?? 0);
  const wide = useWidth() === 'wide';
  const [opened, setOpened] = useState(false);
  const there = agent !== null;
  const busy = there && (legs > 0 || ON_THE_PHONE.includes(agent.state));
  return { there, shown: there && (wide || busy || opened), toggle: () => setOpened(!opened) };
}

/** Everything around the pages. The agent's phone stands at the right of every page. */
export function Frame() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [jumping, setJumping] = useState(false);
  const [keys, setKeys] = useState(false);
  const panel = usePanel();
  const openEntry = useCallback(
    (entry: string) => void navigate({ to: '/list/$entry', params: { entry } }),
    [navigate],
  );
  useTabTitle();
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
  return (
    <div className={`${styles.frame} ${panel.shown ? styles.withPanel : ''}`}>
      <a href="#work" className={styles.skip}>
        {t('app.skip')}
      </a>
      <Header onJump={() => setJumping(true)} onOpen={openEntry} />
      <Rail
        onKeys={() => setKeys(true)}
        phone={panel.there ? { shown: panel.shown, toggle: panel.toggle } : null}
      />
      <main className={styles.work} id="work" tabIndex={-1}>
        <div className={styles.page}>
          <Outlet />
        </div>
        <Dock />
      </main>
      {panel.there && (
        <aside className={styles.panel} hidden={!panel.shown}>
          <Suspense fallback={null}>
            <CallPanel />
          </Suspense>
        </aside>
      )}
      <Suspense fallback={null}>
        {jumping && (
          <JumpTo onOpen={openEntry} onKeys={() => setKeys(true)} onClose={() => setJumping(false)} />
        )}
        {keys && <KeysDialog opened onClose={() => setKeys(false)} />}
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

interface RailProps {
  onKeys: () => void;
  /** Nothing for who has no phone. */
  phone: { shown: boolean; toggle: () => void } | null;
}

function Rail({ onKeys, phone }: RailProps) {
  const { t } = useTranslation();
  const todo = useToDo();
  const path = useRouterState({ select: state => state.location.pathname });
  return (
    <nav className={styles.rail} aria-label={t('app.main')}>
      <Link
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
      {phone !== null && (
        <button
          type="button"
          className={`${styles.place} ${styles.narrow}`}
          aria-pressed={phone.shown}
          title={t(phone.shown ? 'phone.close' : 'phone.open')}
          onClick={phone.toggle}
        >
          <IconDialpad size={20} stroke={1.75} aria-hidden />
          <span className={styles.word}>{t('phone.title')}</span>
        </button>
      )}
      <Link
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
      id: 'settings',
      label: t('app.settings'),
      icon: <IconSettings {...icon} />,
      do: () => void navigate({ to: '/settings' }),
    },
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
