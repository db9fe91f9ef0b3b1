import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type components, api, need, once } from '@/api';
import { type Call, useLive } from '@/live';
import { isFirstToTell, refusedWords, say } from '@/notices';

export type Pop = components['schemas']['PopShown'];
export type PastCall = Pop['calls'][number];

const HOUR = 3_600_000;

/** What is known of the customer of a call. It stays known when the call is over, as long as the page is open. */
export function usePop(call: string | null) {
  useRow(call);
  // After the call it is read once more where it is written about on a page that was opened anew.
  const there = useLive(live => call !== null && (live.calls.has(call) || live.notes.has(call)));
  return useQuery({
    queryKey: ['pop', call],
    queryFn: () => need(api.GET('/api/calls/{id}/pop', { params: { path: { id: call ?? '' } } })),
    enabled: there,
    staleTime: 5_000,
    gcTime: HOUR,
    retry: 2,
  });
}

/** The rows of the last calls, as they were before the calls were over. */
const rows = new Map<string, Call>();
const MOST_ROWS = 20;

/** The row of a call; once the call is over, what was known of it last. */
export function useRow(call: string | null): Call | undefined {
  const row = useLive(live => (call === null ? undefined : live.calls.get(call)));
  useEffect(() => {
    if (row === undefined) return;
    rows.delete(row.id);
    rows.set(row.id, row);
    const [oldest] = rows.keys();
    if (rows.size > MOST_ROWS && oldest !== undefined) rows.delete(oldest);
  }, [row]);
  return row ?? (call === null ? undefined : rows.get(call));
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
    say({ id: 'keep', kind: 'refused', title: t => t('pop.keepFailed', { words: refusedWords(thrown) }) });
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
