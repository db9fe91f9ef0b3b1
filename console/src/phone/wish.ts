import { isFailure } from '@/api';
import { clock, i18next, moment } from '@/i18n';
import { serverNow } from '@/live';
import { say } from '@/notices';

/** What speaks against a dial for a while, and until when. */
const FOR_A_WHILE = ['outside_window', 'too_soon', 'too_often'] as const;

/** What a refusal says, in our words where we have some. */
export function words(thrown: unknown): string {
  if (isFailure(thrown, 'unreachable')) return i18next.t('refusal.unreachable');
  const until = isFailure(thrown) ? thrown.body?.until : undefined;
  const code = FOR_A_WHILE.find(one => isFailure(thrown, one));
  if (code !== undefined && until) {
    const { language, t } = i18next;
    const time = code === 'too_soon' ? clock(language, until) : moment(t, language, until, serverNow());
    return t(`refusal.${code}`, { time });
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
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
    say({ id: 'call', kind: 'refused', title: i18next.t(failed, { words: words(thrown) }) });
    return false;
  }
}
