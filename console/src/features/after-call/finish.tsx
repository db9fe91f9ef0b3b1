import { useState } from 'react';
import { timer, useTranslation } from '@/i18n';
import { useKey } from '@/keys';
import { useLive, useMyAgent, useSecond } from '@/live';
import { say } from '@/notices';
import { Button } from '@/ui';
import styles from './after-call.module.css';
import { becomesOf } from './becomes';
import { useDispositions } from './dispositions';
import { write } from './drafts';
import type { Phase } from './form';
import { discard, entryToClose, isEmpty, missingIn, save } from './save';
import { changeWrapUp, leftOf } from './wrap-up';
import { useWritten } from './written';

/** The longest that a wrap-up can be made, in milliseconds: the server holds to the same. */
const LONGEST = 15 * 60_000 - 1_000;

/** The end of writing: how long there is time for it, and the buttons. */
export function Finish({ call, phase }: { call: string; phase: Exclude<Phase, 'talking'> }) {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const row = useLive(live => live.notes.get(call));
  const entries = useLive(live => live.entries);
  const written = useWritten(call);
  const found = useDispositions(call);
  const [busy, setBusy] = useState(false);
  const mandatory = phase === 'wrap_up' && agent?.must_write === true;
  const entry = entryToClose(row, entries);
  const empty = isEmpty(written);
  const required = (row?.required ?? false) || mandatory;
  const missing = missingIn(written, required, (found.data?.items.length ?? 0) > 0);
  // Nothing is written and nobody asks for it: there is only the wrap-up to end.
  const onlyEnds = empty && !required && entry === null;
  const doIt = async (doing: () => Promise<boolean>) => {
    setBusy(true);
    await doing();
    setBusy(false);
  };
  const leave = async () => {
    const done = phase === 'later' || (await changeWrapUp('end_wrap_up'));
    if (done) write(null);
    return done;
  };
  const finish = () => {
    if (busy) return;
    if (missing !== null) {
      const first = missing === 'disposition' ? 'note.chooseFirst' : 'note.writeFirst';
      say({ id: 'note', kind: 'refused', title: t => t(first) });
      return;
    }
    void doIt(onlyEnds ? leave : () => save(call, written, entry, becomesOf(call)));
  };
  useKey('finish', finish);
  return (
    <div className={styles.finish} data-finish={phase}>
      {phase === 'wrap_up' && <Time />}
      <div className={styles.buttons}>
        {!mandatory && !onlyEnds && (
          <Button size="field" disabled={busy} onClick={() => void doIt(leave)}>
            {t('note.later')}
          </Button>
        )}
        {phase === 'later' && !required && !empty && (
          <Button size="field" disabled={busy} onClick={() => void doIt(() => discard(call))}>
            {t('note.discard')}
          </Button>
        )}
        <Button kind="primary" size="field" className={styles.save} disabled={busy} onClick={finish}>
          {t(onlyEnds ? 'note.finish' : 'note.save')}
        </Button>
      </div>
    </div>
  );
}

/** What is left of the wrap-up, in words and as a line. */
function Time() {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const left = leftOf(agent, useSecond());
  if (agent === null || left === null) return null;
  if (left.kind !== 'runs') {
    return (
      <p className={styles.time} data-late={left.kind === 'over' || undefined}>
        <b>{t('note.untilSaved')}</b>
        <span>
          {left.kind === 'waits'
            ? t('note.should', { time: timer(left.left) })
            : t('note.over', { time: timer(left.late) })}
        </span>
      </p>
    );
  }
  const state = t(`state.${agent.after ?? 'available'}`);
  return (
    <>
      <p className={styles.runs}>
        <span className={styles.left}>
          <b>{t('note.again', { state, time: timer(left.left) })}</b>
          <span>{t('note.goesOn')}</span>
        </span>
        {left.whole < LONGEST && (
          <Button size="row" onClick={() => void changeWrapUp('stay_in_wrap_up')}>
            {t('note.stay')}
          </Button>
        )}
      </p>
      <svg className={styles.bar} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden>
        <rect width="100" height="1" />
        <rect width={left.part * 100} height="1" />
      </svg>
    </>
  );
}
