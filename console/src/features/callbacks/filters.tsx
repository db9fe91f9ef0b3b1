import { CloseButton, Menu, TextInput } from '@mantine/core';
import { IconCheck, IconChevronDown, IconSearch, IconX } from '@tabler/icons-react';
import { type ReactNode, useRef } from 'react';
import { REASONS, type Reason } from '@/entries';
import { useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import { useLive, useNames } from '@/live';
import { Button } from '@/ui';
import { onlyMine } from './filter';
import styles from './list.module.css';
import type { Search } from './search';

interface FiltersProps {
  search: Search;
  hidden: number;
  onSearch: (change: Partial<Search>) => void;
}

/** What is chosen, each in one press. All of it stands in the address. */
export function Filters({ search, hidden, onSearch }: FiltersProps) {
  const { t } = useTranslation();
  const me = useLive(live => live.me);
  const desk = useNames(names => names.desk);
  const agents = useLive(live => live.agents);
  const field = useRef<HTMLInputElement>(null);
  useKey('search', () => field.current?.focus());
  const mine = onlyMine(search, me);
  const businesses = [...(desk?.services ?? []), ...(desk?.campaigns ?? [])];
  const people = [...agents.values()].map(agent => ({ value: agent.key, label: agent.name }));
  return (
    <div className={styles.filters} role="search">
      <TextInput
        ref={field}
        className={styles.search}
        aria-label={t('list.search')}
        placeholder={t('list.search')}
        leftSection={<IconSearch size={16} stroke={1.75} aria-hidden />}
        rightSection={
          search.q === undefined ? null : (
            <CloseButton
              size="sm"
              aria-label={t('list.clearSearch')}
              onClick={() => onSearch({ q: undefined })}
            />
          )
        }
        value={search.q ?? ''}
        onChange={event => onSearch({ q: event.currentTarget.value || undefined })}
        onKeyDown={event => event.key === 'Escape' && onSearch({ q: undefined })}
      />
      {(me?.agent || me?.groups) && (
        <Button
          className={mine ? styles.on : undefined}
          aria-pressed={mine}
          onClick={() => onSearch({ groups: mine ? 'all' : 'mine' })}
        >
          {t('list.myGroups')}
          {mine && <IconX size={14} stroke={1.75} aria-hidden />}
        </Button>
      )}
      <Choice
        name={t('list.service')}
        value={search.service}
        choices={businesses.map(one => ({ value: one.key, label: one.name }))}
        onChange={service => onSearch({ service })}
      />
      <Choice
        name={t('list.reason')}
        value={search.reason}
        choices={REASONS.map(reason => ({ value: reason, label: t(`reasonKind.${reason}`) }))}
        onChange={reason => onSearch({ reason: reason as Reason | undefined })}
      />
      <Choice
        name={t('list.claimedBy')}
        value={search.claimed}
        choices={[
          ...(me?.agent ? [{ value: 'me', label: t('list.me') }] : []),
          { value: 'nobody', label: t('list.nobody') },
          ...people.filter(one => one.value !== me?.agent),
        ]}
        onChange={claimed => onSearch({ claimed })}
      />
      {(hidden > 0 || search.short) && (
        <button
          type="button"
          className={styles.hidden}
          aria-pressed={search.short ?? false}
          onClick={() => onSearch({ short: search.short ? undefined : true })}
        >
          {search.short ? t('list.shortShown') : t('list.shortHidden', { count: hidden })}
        </button>
      )}
    </div>
  );
}

interface ChoiceProps {
  name: string;
  value: string | undefined;
  choices: { value: string; label: ReactNode }[];
  onChange: (value: string | undefined) => void;
}

function Choice({ name, value, choices, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const chosen = choices.find(one => one.value === value)?.label ?? value;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button className={value === undefined ? undefined : styles.on}>
          {value === undefined ? name : chosen}
          <IconChevronDown size={14} stroke={1.75} aria-hidden />
          {value !== undefined && <span className="only-heard">{name}</span>}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={styles.choices}>
        <Menu.Label>{name}</Menu.Label>
        <Pick chosen={value === undefined} onClick={() => onChange(undefined)}>
          {t('list.any')}
        </Pick>
        {choices.map(one => (
          <Pick key={one.value} chosen={one.value === value} onClick={() => onChange(one.value)}>
            {one.label}
          </Pick>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Pick({ chosen, onClick, children }: { chosen: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Menu.Item
      onClick={onClick}
      aria-current={chosen || undefined}
      rightSection={chosen ? <IconCheck size={16} aria-hidden /> : null}
    >
      {children}
    </Menu.Item>
  );
}
