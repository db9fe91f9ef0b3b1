import { spoken } from '@/i18n';
import { refusedWords, say } from '@/notices';

/** Does it; says why where it is refused. The answer is whether it was done. */
export async function wish(
  doing: Promise<unknown>,
  failed: 'call.failed' | 'phone.dialFailed' | 'phone.outsideFailed' = 'call.failed',
): Promise<boolean> {
  try {
    await doing;
    return true;
  } catch (thrown) {
    say({ id: 'call', kind: 'refused', title: spoken.t(failed, { words: refusedWords(thrown) }) });
    return false;
  }
}
