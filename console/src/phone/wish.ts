import { isFailure } from '@/api';
import { clock, moment, spoken } from '@/i18n';
import { serverNow } from '@/live';
import { refusedWords, say } from '@/notices';

/** What speaks against a dial for a while, and until when. */
const FOR_A_WHILE = ['outside_window', 'too_soon', 'too_often'] as const;

/** What a refusal says, with the time from which on it would not be one. */
export function words(thrown: unknown): string {
  const until = isFailure(thrown) ? thrown.body?.until : undefined;
  const code = FOR_A_WHILE.find(one => isFailure(thrown, one));
  if (code === undefined || !until) return refusedWords(thrown);
  const { language, t } = spoken;
  const time = code === 'too_soon' ? clock(language, until) : moment(t, language, until, serverNow());
  return t(`refusal.${code}`, { time });
}

/** Does it; says why where it is refused. The answer is whether it was done. */
export async function wish(
  doing: Promise<unknown>,
  failed: 'call.failed' | 'phone.dialFailed' | 'phone.outsideFailed' = 'call.failed',
): Promise<boolean> {
  try {
    await doing;
    return true;
  } catch (thrown) {
    say({ id: 'call', kind: 'refused', title: t => t(failed, { words: words(thrown) }) });
    return false;
  }
}
