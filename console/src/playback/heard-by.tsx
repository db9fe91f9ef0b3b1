import { useTranslation } from '@/i18n';
import { type Entry, useLive } from '@/live';
import { Button } from '@/ui';
import { NewMessage, useHeardWords } from './heard-words';
import { markHeard, useMarked } from './heard';
import type { Sound } from '.';
import styles from './heard.module.css';

/** Whether a message is new, with a button that says it is not; or who has listened to it first, and when. */
export function HeardBy({ entry, sound }: { entry: Entry; sound: Sound }) {
  const { t } = useTranslation();
  const marked = useMarked(state => state.marked.get(sound.id));
  const heard = entry.heard.find(one => one.message === sound.id) ?? marked;
  const words = useHeardWords(heard);
  // Nobody whom the history could name has listened.
  const may = useLive(live => live.me !== null && (live.me.role !== 'agent' || live.me.agent !== null));
  if (words !== null) return <span className={styles.heard}>{words}</span>;
  return (
    <span className={styles.line}>
      <NewMessage />
      {may && (
        <Button size="row" onClick={() => void markHeard(sound)}>
          {t('message.mark')}
        </Button>
      )}
    </span>
  );
}
