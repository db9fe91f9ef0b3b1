import { isFailure } from '@/api';
import { spoken } from '@/i18n';
import { say } from '@/notices';

/** What a refusal says, in our words where we have some. */
function words(thrown: unknown): string {
  if (isFailure(thrown, 'unreachable')) return spoken.t('refusal.unreachable');
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
    say({ id: 'call', kind: 'refused', title: spoken.t(failed, { words: words(thrown) }) });
    return false;
  }
}
