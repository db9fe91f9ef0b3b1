import { given } from '@/api';
import { IconCalendarPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation, useLanguage, windowOf } from '@/i18n';
import { isArrangedBy } from '@/entries';
import { type Entry, type Me, type Shown, isOpen, serverNow, useLive } from '@/live';
import { Button, Problem } from '@/ui';
import { DayField, TimeField } from '@/ui/when';
import styles from './after-call.module.css';
import { type FollowUp as Asked, followUp, takeFollowUpBack } from './save';

const HOUR = 3_600_000;

const two = (n: number) => String(n).padStart(2, '0');

/** A moment as fields of a form write it, in the zone of the browser. */
export function fieldsOf(at: number): { day: string; time: string } {
  const when = new Date(at);
  return {
    day: `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`,
    time: `${two(when.getHours())}:${two(when.getMinutes())}`,
  };
}

/** What fields of a form say; nothing where that is no moment still to come. */
export function momentOf(day: string, time: string, now: number): number | null {
  const at = new Date(`${day}T${time}`).getTime();
  return Number.isFinite(at) && at > now ? at : null;
}

/** What was agreed upon with the customer of a call, as long as it stands: a reload forgets nothing of it. */
export function arrangedIn({ entries }: Pick<Shown, 'entries'>, call: string): Entry | undefined {
  for (const entry of entries.values()) if (entry.request?.agreed_in === call && isOpen(entry)) return entry;
  return undefined;
}

/** Whether it was I who agreed upon it, and not a colleague who has had the call before. */
export function isAgreedBy(me: Pick<Me, 'agent'> | null, standing: Entry | undefined): boolean {
  const by = standing?.request?.agreed_by;
  return !given(by) || by === me?.agent;
}

/** What stands open comes into sight. */
function comeIntoSight(box: HTMLDivElement | null): void {
  // jsdom has no layout.
  (box as Partial<HTMLDivElement> | null)?.scrollIntoView?.({ block: 'nearest' });
}

/** Has the customer called again at a time, by me or by my group. */
export function FollowUp({ call }: { call: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [open, setOpen] = useState(false);
  const [first] = useState(() => fieldsOf(Math.ceil((serverNow() + HOUR) / 300_000) * 300_000));
  const [day, setDay] = useState(first.day);
  const [time, setTime] = useState(first.time);
  const [byMe, setByMe] = useState(true);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [answer, setAnswer] = useState<Asked | null>(null);
  const standing = useLive(live => arrangedIn(live, call));
  // It was closed or taken back since.
  const gone = useLive(live => answer !== null && live.gone.has(answer.entry));
  const asked = answer !== null && !gone ? answer : null;
  const promise = standing?.request?.promise ?? asked?.promise ?? null;
  const me = useLive(live => live.me);
  // Otherwise it was there before, and is moved by what was agreed upon.
  const isNew = standing === undefined ? (asked?.new ?? true) : isArrangedBy(me, standing.request?.path);
  const isMine = isAgreedBy(me, standing);
  const takeBack = async () => {
    const entry = standing?.id ?? asked?.entry;
    if (entry === undefined) return;
    setBusy(true);
    if (await takeFollowUpBack(call, entry, isNew)) setAnswer(null);
    setBusy(false);
  };
  const ask = async () => {
    const from = momentOf(day, time, serverNow());
    if (from === null) return setProblem(t('postpone.past'));
    setProblem(null);
    setBusy(true);
    const done = await followUp(call, from, byMe);
    setBusy(false);
    if (done !== null) {
      setAnswer(done);
      setOpen(false);
    }
  };
  return (
    <div className={styles.part} data-follow-up>
      <div className={styles.line}>
        <button type="button" className={styles.disclose} aria-expanded={open} onClick={() => setOpen(!open)}>
          <IconCalendarPlus size={16} stroke={1.75} aria-hidden />
          {t('note.followUp')}
        </button>
        {promise === null && !open && <span className={styles.dim}>{t('note.followUpNone')}</span>}
      </div>
      {promise !== null && (
        <div className={styles.line}>
          <p role="status">
            {t(isNew ? 'note.asked' : 'note.askedBefore', {
              time: windowOf(t, language, promise.from, promise.to, serverNow()),
            })}
          </p>
          {isMine && (
            <Button size="row" disabled={busy} onClick={() => void takeBack()}>
              {t('do.undo')}
            </Button>
          )}
        </div>
      )}
      {open && (
        <div className={styles.box} ref={comeIntoSight}>
          <p className={styles.dim}>{t('note.followUpWords')}</p>
          <div className={styles.pair}>
            <DayField
              label={t('postpone.day')}
              value={day}
              from={fieldsOf(serverNow()).day}
              onChange={setDay}
            />
            <TimeField label={t('postpone.at')} value={time} onChange={setTime} />
          </div>
          <label className={styles.field}>
            {t('assign.agent')}
            <select value={byMe ? 'me' : 'group'} onChange={event => setByMe(event.target.value === 'me')}>
              <option value="me">{t('note.forMe')}</option>
              <option value="group">{t('note.forGroup')}</option>
            </select>
          </label>
          {problem !== null && <Problem>{problem}</Problem>}
          <Button wide disabled={busy} onClick={() => void ask()}>
            {t('note.ask')}
          </Button>
        </div>
      )}
    </div>
  );
}
