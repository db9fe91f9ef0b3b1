import { phoneNumber, useTranslation } from '@/i18n';
import { type Entry, useLive, useNames, whoseNumber } from '@/live';
import { useCustomerName, useNameOfNumber } from './known';
import { numberOf } from './words';

/** How the customer of an entry is called: as by `whoIs`, and anew once the name is known. */
export function useWho(entry: Entry | undefined): string {
  const { t } = useTranslation();
  const name = useCustomerName(entry);
  return entry === undefined ? '' : (name ?? numberOf(t, entry));
}

/** How the customer of a call is called, of which an open entry may be known: by that also who may not see the number has the name. */
export function useWhoOf({ number, entry }: { number?: string | null; entry?: string | null }): string {
  const row = useLive(live => live.entries.get(entry ?? ''));
  const ofEntry = useCustomerName(row);
  const ofNumber = useWhoOfNumber(row === undefined ? number : null);
  const { t } = useTranslation();
  return row === undefined ? ofNumber : (ofEntry ?? numberOf(t, row));
}

/** How somebody is called of whom there is no entry, only a number: a customer's, or one of the house. */
export function useWhoOfNumber(number: string | null | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfNumber(number);
  useNames();
  return (
    name ?? (number ? whoseNumber(number) : null) ?? (number ? phoneNumber(number) : t('list.unknownNumber'))
  );
}
