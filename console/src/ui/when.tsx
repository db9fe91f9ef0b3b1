// Fields for days and times. The browser's own speak the browser's language, whatever the page speaks and whatever `lang` says: in
// these, day, month and the buttons are words of the page, and times have 24 hours. They come with the pages that have one.
import '@mantine/dates/styles.layer.css';
import './when.css';
import '@/i18n/when';
import { DatePickerInput, TimePicker } from '@mantine/dates';
import 'dayjs/locale/zh-cn';
import { day as inWords, midnight, useLanguage, useTranslation } from '@/i18n';

interface DayFieldProps {
  label: string;
  /** A day such as `2026-11-27`; empty where none is chosen. */
  value: string;
  onChange: (day: string) => void;
  /** No day before this one. */
  from?: string;
  /** Whether it may be left empty. */
  clearable?: boolean;
  className?: string;
}

/** A day, chosen from a calendar. */
export function DayField({ label, value, onChange, from, clearable = false, className }: DayFieldProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const chinese = language === 'zh';
  return (
    <DatePickerInput
      className={className}
      label={label}
      locale={chinese ? 'zh-cn' : 'en'}
      valueFormat={chinese ? 'YYYY年M月D日' : 'D MMM YYYY'}
      monthLabelFormat={chinese ? 'YYYY年M月' : 'MMMM YYYY'}
      monthsListFormat={chinese ? 'M月' : 'MMM'}
      getDayAriaLabel={one => inWords(language, midnight(one))}
      ariaLabels={{
        nextMonth: t('when.nextMonth'),
        previousMonth: t('when.previousMonth'),
        nextYear: t('when.nextYear'),
        previousYear: t('when.previousYear'),
        nextDecade: t('when.nextYears'),
        previousDecade: t('when.previousYears'),
      }}
      placeholder={clearable ? t('when.none') : undefined}
      value={value === '' ? null : value}
      minDate={from}
      clearable={clearable}
      clearButtonProps={{ 'aria-label': t('when.clear') }}
      highlightToday
      // What Mantine names the calendar by is not on the page.
      popoverProps={{ attributes: { dropdown: { 'aria-label': label } } }}
      onChange={one => onChange(one ?? '')}
    />
  );
}

interface TimeFieldProps {
  label: string;
  /** Such as `14:30`; empty while it is not whole. */
  value: string;
  onChange: (time: string) => void;
  className?: string;
  /** It has the focus when its dialog opens. */
  first?: boolean;
}

/** A time of day, typed as hours and minutes. */
export function TimeField({ label, value, onChange, className, first = false }: TimeFieldProps) {
  const { t } = useTranslation();
  return (
    <TimePicker
      className={className}
      label={label}
      value={value}
      hoursInputLabel={`${label}, ${t('when.hours')}`}
      minutesInputLabel={`${label}, ${t('when.minutes')}`}
      hoursInputProps={first ? { 'data-autofocus': true } : undefined}
      onChange={onChange}
    />
  );
}
