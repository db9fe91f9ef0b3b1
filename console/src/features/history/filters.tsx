import { Select } from '@/ui/select';
import { IconX } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from '@/i18n';
import { queueName, useLive, useNames } from '@/live';
import { DIRECTIONS, ENDS } from '@/past';
import { Button } from '@/ui';
import { TypedField } from '@/ui/typed-field';
import { DayField } from '@/ui/when';
import sheet from '@/ui/sheet.module.css';
import styles from './history.module.css';
import { type HistorySearch, readHistorySearch } from './search';

interface HistoryFiltersProps {
  search: HistorySearch;
  onSearch: (next: HistorySearch) => void;
}

export function HistoryFilters({ search, onSearch }: HistoryFiltersProps) {
  const { t } = useTranslation();
  const desk = useNames(names => names.desk);
  const agents = useLive(live => live.agents);
  const me = useLive(live => live.me?.agent ?? null);
  const people = useMemo(
    () => [...agents.values()].map(agent => ({ value: agent.key, label: `${agent.name} ${agent.key}` })),
    [agents],
  );
  const queues = (desk?.queues ?? []).map(queue => ({ value: queue.key, label: queueName(desk, queue.key) }));
  const change = (next: Record<string, unknown>) => onSearch(readHistorySearch({ ...search, ...next }));
  const choice = (
    name: 'agent' | 'queue' | 'direction' | 'result',
    data: { value: string; label: string }[],
  ) => (
    <Select
      className={styles.field}
      label={t(`past.${name}`)}
      placeholder={t('list.any')}
      clearable
      searchable={data.length > 12}
      data={data}
      value={search[name] ?? null}
      onChange={value => change({ [name]: value ?? undefined })}
    />
  );
  const day = (name: 'since' | 'until') => (
    <DayField
      className={styles.field}
      label={t(`past.${name}`)}
      value={search[name] ?? ''}
      clearable
      onChange={one => change({ [name]: one })}
    />
  );
  const mine = me !== null && search.agent === me;
  return (
    <div className={sheet.filters} role="search">
      {me !== null && (
        <Button
          size="field"
          className={mine ? styles.on : undefined}
          aria-pressed={mine}
          onClick={() => change({ agent: mine ? undefined : me })}
        >
          {t('past.mine')}
          {mine && <IconX size={14} stroke={1.75} aria-hidden />}
        </Button>
      )}
      <TypedField
        className={styles.field}
        label={t('past.number')}
        placeholder={t('past.digits')}
        inputMode="tel"
        autoComplete="off"
        value={search.number}
        onChange={number => change({ number })}
      />
      {choice('agent', people)}
      {choice('queue', queues)}
      {choice(
        'direction',
        DIRECTIONS.map(value => ({ value, label: t(`past.directions.${value}`) })),
      )}
      {choice(
        'result',
        ENDS.map(value => ({ value, label: t(`past.ends.${value}`) })),
      )}
      {day('since')}
      {day('until')}
      {Object.keys(search).length > 0 && (
        <Button size="field" onClick={() => onSearch({})}>
          {t('past.clear')}
        </Button>
      )}
    </div>
  );
}
