import { type TFunction, phoneNumber, useTranslation } from '@/i18n';
import { type Entry, useLive, useNames, whoseNumber } from '@/live';
import { useCustomerName, useNameOfCall, useNameOfNumber } from './known';
import { numberOf } from './words';

/** How the customer of an entry is called: as by `whoIs`, and anew once the name is known. */
export function useWho(entry: Entry | undefined): string {
  const { t } = useTranslation();
  const name = useCustomerName(entry);
  return entry === undefined ? '' : (name ?? numberOf(t, entry));
}

/** How the customer of a call that is over is called: also who may not see the number has the name, and has it once the entry is closed. */
export function useWhoOfCall(call: { call: string; number: string | null; entry: string | null }): string {
  const { t } = useTranslation();
  const ofEntry = useCustomerName(useLive(live => live.entries.get(call.entry ?? '')));
  const ofCall = useNameOfCall(call);
  useNames();
  return ofEntry ?? ofCall ?? plain(t, call.number);
}

/** How somebody is called of whom there is no entry, only a number: a customer's, or one of the house. */
export function useWhoOfNumber(number: string | null | undefined): string {
  const { t } = useTranslation();
  const name = useNameOfNumber(number);
  useNames();
  return name ?? plain(t, number);
}

function plain(t: TFunction, number: string | null | undefined): string {
  return number ? (whoseNumber(number) ?? phoneNumber(number)) : t('list.unknownNumber');
}
