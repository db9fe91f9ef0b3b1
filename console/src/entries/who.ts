import { phoneNumber, useTranslation } from '@/i18n';
import type { Entry } from '@/live';
import { useCustomerName, useNameOfNumber } from './known';
import { numberOf } from './words';

/** How the customer of an entry is called: as by `whoIs`, and anew once the name is known. */
export function useWho(entry: Entry | undefined): string {
  const { t } = useTranslation();
  const name = useCustomerName(entry);
  return entry === undefined ? '' : (name ?? numberOf(t, entry));
}

/** How somebody is called of whom there is no entry, only a number. */
export function useWhoOfNumber(number: string | null | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfNumber(number);
  return name ?? (number ? phoneNumber(number) : t('list.unknownNumber'));
}
