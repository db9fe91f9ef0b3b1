import { Select, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from '@/i18n';
import { Button } from '@/ui';
import styles from './audit.module.css';
import { AREAS, type Area, type AuditSearch, readAuditSearch } from './search';

/** What is typed becomes what is asked for after this, in milliseconds. */
const TYPED = 400;

interface AuditFiltersProps {
  search: AuditSearch;
  onSearch: (next: AuditSearch) => void;
}

export function AuditFilters({ search, onSearch }: AuditFiltersProps) {
  const { t } = useTranslation();
  const change = (next: Partial<AuditSearch>) => onSearch(readAuditSearch({ ...search, ...next }));
  const day = (name: 'since' | 'until') => (
    <TextInput
      type="date"
      className={styles.field}
      label={t(`audit.${name}`)}
      value={search[name] ?? ''}
      onChange={event => change({ [name]: event.currentTarget.value })}
    />
  );
  return (
    <div className={styles.filters} role="search">
      <Typed name={t('audit.who')} value={search.who} onChange={who => change({ who })} />
      <Select
        className={styles.field}
        label={t('audit.area')}
        placeholder={t('list.any')}
        clearable
        data={AREAS.map(area => ({ value: area, label: t(`audit.areas.${area}`) }))}
        value={search.area ?? null}
        onChange={area => change({ area: (area ?? undefined) as Area | undefined })}
      />
      <Typed name={t('audit.object')} value={search.object} onChange={object => change({ object })} />
      {day('since')}
      {day('until')}
      {Object.keys(search).length > 0 && (
        <Button size="field" onClick={() => onSearch({})}>
          {t('audit.clear')}
        </Button>
      )}
    </div>
  );
}

interface TypedProps {
  name: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** A field that asks once somebody rests. */
function Typed({ name, value, onChange }: TypedProps) {
  const [typed, setTyped] = useState({ of: value, text: value ?? '' });
  // What is chosen elsewhere (the button that clears, going back) stands in the field at once.
  if (typed.of !== value) setTyped({ of: value, text: value ?? '' });
  const { text } = typed;
  useEffect(() => {
    if (text.trim() === (value ?? '')) return;
    const timer = setTimeout(() => onChange(text), TYPED);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextInput
      className={styles.field}
      label={name}
      value={text}
      onChange={event => setTyped({ of: value, text: event.currentTarget.value })}
    />
  );
}
