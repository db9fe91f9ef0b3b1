import { IconPhoneFilled, IconPhoneOff } from '@tabler/icons-react';
import { useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import { Glyph } from '@/ui';
import styles from './call.module.css';
import { useRest } from './parts';
import { hangUp } from './wishes';

/** Nobody is talked with: a star code is answered, or a busy line told by its tone. There is nothing to do but to hang up, or to wait for its end. */
export function LinePanel({ leg, busy }: { leg: string; busy: boolean }) {
  const { t } = useTranslation();
  const rests = useRest(leg);
  const end = () => void (!rests && hangUp(leg, null));
  useKey('hangUp', end);
  return (
    <>
      <div className={styles.top}>
        <Glyph tone="grey">
          <IconPhoneFilled size={14} />
        </Glyph>
        <h2>{t(busy ? 'resultCap.busy' : 'call.lineOpen')}</h2>
      </div>
      <div className={styles.middle}>
        <p className={styles.dim}>{t(busy ? 'call.busyWords' : 'call.lineWords')}</p>
      </div>
      <div className={styles.block} data-rests={rests || undefined}>
        <button type="button" className={styles.hangUp} onClick={end}>
          <IconPhoneOff size={20} stroke={1.75} aria-hidden />
          {t('call.hangUp')}
        </button>
      </div>
    </>
  );
}
