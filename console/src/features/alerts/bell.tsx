import { Popover } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBell,
  IconClock,
  IconPhoneCall,
  IconPhoneOff,
  IconUnlink,
} from '@tabler/icons-react';
import { useState } from 'react';
import { acknowledge, requestWords, useWho } from '@/entries';
import { Heard, clock, useLanguage, useTranslation } from '@/i18n';
import { type Entry, type Reminder, useLive, useNames, useStep } from '@/live';
import { Badge, Button, IconButton } from '@/ui';
import styles from './alerts.module.css';

/** The shape of what somebody is told. */
export function AlertIcon({ kind }: { kind: Reminder['kind'] }) {
  if (kind === 'request') return <IconPhoneCall size={18} aria-hidden />;
  if (kind === 'cut_off') return <IconUnlink size={18} aria-hidden />;
  if (kind === 'unclaimed') return <IconClock size={18} aria-hidden />;
  if (kind === 'escalated') return <IconAlertTriangle size={18} aria-hidden />;
  return <IconPhoneOff size={18} aria-hidden />;
}

/** All that somebody should know at once and that nobody has taken yet. */
export function Bell({ onOpen }: { onOpen: (entry: string) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const reminders = useLive(live => live.reminders);
  const latest = [...reminders.values()].sort((one, other) => other.since - one.since);
  const count = latest.length;
  // The name has what is seen (WCAG 2.5.3).
  const label =
    count === 0
      ? t('header.noAlerts')
      : t('header.alertsCount', { count, shown: count > 99 ? '99+' : count });
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <IconButton label={label} onClick={() => setOpened(!opened)} aria-expanded={opened}>
          <IconBell size={20} stroke={1.75} aria-hidden />
          <span className={styles.count} data-over aria-hidden>
            <Badge count={count} />
          </span>
        </IconButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('header.alerts')}>
        {latest.length === 0 ? (
          <div className={styles.empty}>
            <p className={styles.title}>{t('header.noAlerts')}</p>
            <p className={styles.words}>{t('header.noAlertsWords')}</p>
          </div>
        ) : (
          <ul className={styles.list}>
            {latest.map(reminder => (
              <Alert
                key={reminder.id}
                reminder={reminder}
                onOpen={() => {
                  setOpened(false);
                  onOpen(reminder.entry);
                }}
              />
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Alert({ reminder, onOpen }: { reminder: Reminder; onOpen: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const desk = useNames(names => names.desk);
  const entry = useLive(live => live.entries.get(reminder.entry));
  const now = useStep(60_000);
  const who = useWho(entry);
  return (
    <li className={styles.item}>
      <AlertIcon kind={reminder.kind} />
      <div className={styles.text}>
        <p className={styles.title}>
          <Heard text={t(`alert.${reminder.kind}`, { who })} />
        </p>
        <p className={styles.words}>
          {entry && reminder.kind === 'unreachable'
            ? t('alert.tries', { count: entry.attempts.length })
            : entry
              ? requestWords(t, language, desk, entry, now)
              : t('alert.since', { time: clock(language, reminder.since) })}
        </p>
      </div>
      <div className={styles.buttons}>
        {reminder.kind === 'unreachable' && entry && <Seen entry={entry} />}
        <Button size="row" onClick={onOpen}>
          {t('alert.show')}
        </Button>
      </div>
    </li>
  );
}

function Seen({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  return (
    <Button size="row" onClick={() => void acknowledge(entry)}>
      {t('alert.seen')}
    </Button>
  );
}
