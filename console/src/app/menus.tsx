import { Menu } from '@mantine/core';
import {
  IconCalendarStats,
  IconCheck,
  IconDeviceDesktop,
  IconHistory,
  IconLanguage,
  IconLogout,
  IconMoon,
  IconSettings,
  IconSun,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode } from 'react';
import { LANGUAGES, type Language, setLanguage, useLanguage, useTranslation } from '@/i18n';
import { useLive, useMyAgent } from '@/live';
import { signOut, usePerson } from '@/session';
import { Avatar, IconButton, type Scheme, useScheme, useWidth } from '@/ui';
import styles from './frame.module.css';

const icon = { size: 20, stroke: 1.75, 'aria-hidden': true } as const;
const small = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

function Pick({
  chosen,
  onClick,
  left,
  children,
}: {
  chosen: boolean;
  onClick: () => void;
  left?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Menu.Item
      onClick={onClick}
      leftSection={left}
      aria-current={chosen || undefined}
      rightSection={chosen ? <IconCheck {...small} /> : null}
    >
      {children}
    </Menu.Item>
  );
}

function LanguageItems() {
  const language = useLanguage();
  return (Object.keys(LANGUAGES) as Language[]).map(one => (
    <Pick key={one} chosen={one === language} onClick={() => setLanguage(one)}>
      <span lang={one === 'zh' ? 'zh-CN' : 'en'}>{LANGUAGES[one]}</span>
    </Pick>
  ));
}

function ThemeItems() {
  const { t } = useTranslation();
  const { chosen, choose } = useScheme();
  const all: [Scheme, string, ReactNode][] = [
    ['light', t('header.light'), <IconSun key="i" {...small} />],
    ['dark', t('header.dark'), <IconMoon key="i" {...small} />],
    ['auto', t('header.system'), <IconDeviceDesktop key="i" {...small} />],
  ];
  return all.map(([scheme, words, left]) => (
    <Pick key={scheme} chosen={scheme === chosen} onClick={() => choose(scheme)} left={left}>
      {words}
    </Pick>
  ));
}

export function LanguageMenu() {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={t('header.language')}>
          <IconLanguage {...icon} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <LanguageItems />
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { shown } = useScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <IconButton label={t('header.theme')}>
          {shown === 'dark' ? <IconSun {...icon} /> : <IconMoon {...icon} />}
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <ThemeItems />
      </Menu.Dropdown>
    </Menu>
  );
}

/**
 * Who works here, and what is theirs. On a phone, which has no room elsewhere for them, one's day, the calls, language and theme
 * stand here, too.
 */
export function PersonMenu() {
  const { t } = useTranslation();
  const person = usePerson();
  const agent = useMyAgent();
  const leg = useLive(live => (live.phone?.calls.length ?? 0) > 0);
  // To log out ends the phone of this page, and hangs up on the customer.
  const inCall = leg || agent?.state === 'talking' || agent?.state === 'held';
  const phone = useWidth() === 'phone';
  const navigate = useNavigate();
  if (person === null) return null;
  const name = agent !== null && agent.name !== agent.number ? agent.name : person.name;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <button type="button" className={styles.person}>
          <Avatar name={name} large />
          <span className="only-heard">{t('header.user')} </span>
          <span className={styles.personName}>
            {name} {agent !== null && <small>{agent.number}</small>}
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {name}, {t(`header.role.${person.role}`)}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconSettings {...small} />}
          onClick={() => void navigate({ to: '/settings' })}
        >
          {t('app.settings')}
        </Menu.Item>
        {phone && agent !== null && (
          <Menu.Item
            leftSection={<IconCalendarStats {...small} />}
            onClick={() => void navigate({ to: '/today' })}
          >
            {t('app.today')}
          </Menu.Item>
        )}
        {phone && (
          <Menu.Item
            leftSection={<IconHistory {...small} />}
            onClick={() => void navigate({ to: '/history' })}
          >
            {t('past.title')}
          </Menu.Item>
        )}
        {phone && (
          <>
            <Menu.Divider />
            <Menu.Label>{t('header.language')}</Menu.Label>
            <LanguageItems />
            <Menu.Label>{t('header.theme')}</Menu.Label>
            <ThemeItems />
          </>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout {...small} />} disabled={inCall} onClick={() => void signOut()}>
          {inCall ? t('header.signOutAfter') : t('header.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
