import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type components, Failure, api, need, once, given } from '@/api';
import { i18next } from '@/i18n';
import { type Call, useLive } from '@/live';
import { isFirstToTell, say } from '@/notices';

export type Pop = components['schemas']['PopShown'];
export type PastCall = Pop['calls'][number];

const HOUR = 3_600_000;

/** What is known of the customer of a call. It stays known when the call is over, as long as the page is open. */
export function usePop(call: string | null) {
  const there = useLive(live => call !== null && live.calls.has(call));
  return useQuery({
    queryKey: ['pop', call],
    queryFn: () => need(api.GET('/api/calls/{id}/pop', { params: { path: { id: call ?? '' } } })),
    enabled: there,
    staleTime: 5_000,
    gcTime: HOUR,
    retry: 2,
  });
}

/** Whether the customer is somebody outside, of whom there is something to show. */
export function isOutside(call: Call | null | undefined): boolean {
  return given(call) && (given(call.number) || given(call.dialled));
}

/** Only addresses of the web are opened, whatever somebody has configured. */
export function isWeb(address: string): boolean {
  return /^https?:\/\//i.test(address);
}

/** Opens the customer's page in the other program as the phone rings, where that is wished for: once, in one tab. */
export function useOpensPage(call: string | null, pop: Pop | undefined): void {
  const page = pop?.page;
  const address = page?.opens === 'at_ringing' ? page.address : null;
  useEffect(() => {
    if (call === null || address === null || !isWeb(address)) return;
    // Where the browser does not allow it, the link on the page is still there.
    if (isFirstToTell(`pop-${call}`)) window.open(address, '_blank', 'noopener,noreferrer');
  }, [call, address]);
}

/** Says whether the call leaves an entry open, however long they talk. */
export async function keepOpen(call: string, entry: string, keep: boolean): Promise<boolean> {
  try {
    const body = { entry, keep };
    await need(
      api.POST('/api/calls/{id}/keep-open', { params: { path: { id: call }, header: once() }, body }),
    );
    return true;
  } catch (thrown) {
    const words =
      thrown instanceof Failure && thrown.code === 'unreachable'
        ? i18next.t('refusal.unreachable')
        : thrown instanceof Error
          ? thrown.message
          : String(thrown);
    say({ id: 'keep', kind: 'refused', title: i18next.t('pop.keepFailed', { words }) });
    return false;
  }
}

/** The country of the customer as the language of the page calls it; empty where it is not known. */
export function countryName(country: string | null | undefined, language: string): string {
  if (!country) return '';
  return new Intl.DisplayNames([language === 'zh' ? 'zh-CN' : 'en'], { type: 'region' }).of(country) ?? '';
}

/** The time of day where the customer is; nothing where the zones in question do not agree on it. */
export function timeThere(zones: readonly string[], now: number): string | null {
  const times = new Set(
    zones.map(timeZone => {
      try {
        const options = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
        return new Intl.DateTimeFormat('en-GB', options).format(now);
      } catch {
        return '';
      }
    }),
  );
  const [only] = times;
  return times.size === 1 && only ? only : null;
}
