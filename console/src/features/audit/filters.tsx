import { Select } from '@/ui/select';
import { useTranslation } from '@/i18n';
import { Button } from '@/ui';
import { TypedField } from '@/ui/typed-field';
import { DayField } from '@/ui/when';
import sheet from '@/ui/sheet.module.css';
import styles from './audit.module.css';
import { AREAS, type Area, type AuditSearch, readAuditSearch } from './search';

interface AuditFiltersProps {
  search: AuditSearch;
  onSearch: (next: AuditSearch) => void;
}

export function AuditFilters({ search, onSearch }: AuditFiltersProps) {
  const { t } = useTranslation();
  const change = (next: Partial<AuditSearch>) => onSearch(readAuditSearch({ ...search, ...next }));
  const day = (name: 'since' | 'until') => (
    <DayField
      className={styles.field}
      label={t(`audit.${name}`)}
      value={search[name] ?? ''}
      clearable
      onChange={one => change({ [name]: one })}
    />
  );
  return (
    <div className={sheet.filters} role="search">
      <TypedField
        className={styles.field}
        label={t('audit.who')}
        value={search.who}
        onChange={who => change({ who })}
      />
      <Select
        className={styles.field}
        label={t('audit.area')}
        placeholder={t('list.any')}
        clearable
        data={AREAS.map(area => ({ value: area, label: t(`audit.areas.${area}`) }))}
        value={search.area ?? null}
        onChange={area => change({ area: (area ?? undefined) as Area | undefined })}
      />
      <TypedField
        className={styles.field}
        label={t('audit.object')}
        value={search.object}
        onChange={object => change({ object })}
      />
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
