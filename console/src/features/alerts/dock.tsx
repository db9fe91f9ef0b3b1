import { IconAlertCircle, IconCheck, IconInfoCircle, IconPhoneCall, IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Heard, useTranslation } from '@/i18n';
import { type Notice, shownOf, unsay, useNotices } from '@/notices';
import { Button, IconButton, useWidth } from '@/ui';
import styles from './alerts.module.css';

const ICONS: Record<Notice['kind'], ReactNode> = {
  request: <IconPhoneCall size={20} stroke={1.75} aria-hidden />,
  done: <IconCheck size={20} stroke={1.75} aria-hidden />,
  info: <IconInfoCircle size={20} stroke={1.75} aria-hidden />,
  refused: <IconAlertCircle size={20} stroke={1.75} aria-hidden />,
};

/** What was said last, in a row of its own under the page: it covers nothing, and is there only while it is needed. */
export function Dock() {
  const notices = useNotices(state => state.notices);
  const shown = shownOf(notices);
  // Screen readers hear of what comes into a region that was there before.
  return (
    <div aria-live="polite" aria-relevant="additions">
      {shown.length > 0 && (
        <div className={styles.dock} data-dock>
          {shown.map(notice => (
            <Card key={notice.id} notice={notice} />
          ))}
        </div>
      )}
    </div>
  );
}

/** Counts down while nobody points at it. */
function useGoes(notice: Notice, held: boolean): void {
  const left = useRef(notice.lasts);
  useEffect(() => {
    left.current = notice.lasts;
  }, [notice]);
  useEffect(() => {
    if (held) return;
    const begun = Date.now();
    const timer = setTimeout(() => unsay(notice.id), left.current);
    return () => {
      clearTimeout(timer);
      left.current = Math.max(2_000, left.current - (Date.now() - begun));
    };
  }, [notice, held]);
}

function Card({ notice }: { notice: Notice }) {
  const { t } = useTranslation();
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const phone = useWidth() === 'phone';
  useGoes(notice, pointed || focused);
  const { act } = notice;
  const words = notice.words?.(t);
  const press = () => {
    unsay(notice.id);
    act?.do();
  };
  const text = (
    <>
      <span className={styles.title}>
        <Heard text={notice.title(t)} />
      </span>
      {words && <span className={styles.words}>{words}</span>}
    </>
  );
  // On a phone the whole of a request leads to its row.
  const whole = phone && notice.kind === 'request' && act !== undefined;
  return (
    <div
      className={styles.notice}
      role={notice.kind === 'done' || notice.kind === 'info' ? 'status' : 'alert'}
      data-notice={notice.kind}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      {ICONS[notice.kind]}
      {whole ? (
        <button type="button" className={`${styles.plain} ${styles.text}`} onClick={press}>
          {text}
        </button>
      ) : (
        <div className={styles.text}>{text}</div>
      )}
      {act && !whole && (
        <Button size="row" onClick={press}>
          {act.label(t)}
        </Button>
      )}
      <IconButton label={t('do.dismiss')} side="top" small onClick={() => unsay(notice.id)}>
        <IconX size={18} stroke={1.75} aria-hidden />
      </IconButton>
    </div>
  );
}
