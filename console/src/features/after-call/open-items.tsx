import { given } from '@/api';
import { IconPencil } from '@tabler/icons-react';
import { useWhoOfCall } from '@/entries';
import { Heard, clock, timer, useLanguage, useTranslation } from '@/i18n';
import { type Note, useLive, useMyAgent, useSecond } from '@/live';
import { Button } from '@/ui';
import styles from './after-call.module.css';
import { type Draft, isAhead, useDrafts, write } from './drafts';
import { changeWrapUp } from './wrap-up';
import { writtenOf } from './written';

/** What stands open: notes that are to be done, oldest first, and the one of the last call, where it may be written. */
export function openOf(
  notes: ReadonlyMap<string, Note>,
  drafts: ReadonlyMap<string, Draft>,
): { open: Note[]; last: Note | null } {
  const inOrder = [...notes.values()].sort((one, other) => one.began - other.began);
  const isOpen = (note: Note) => note.open || isAhead(drafts.get(note.call));
  const over = inOrder.filter(note => given(note.ended));
  return { open: over.filter(isOpen), last: over.findLast(note => !isOpen(note)) ?? null };
}

/** The call of a note, as it is called in the history: so has it a name for those whom the number is hidden from, too. */
const ofNote = ({ call, number, entry }: Note) => ({ call, number: number ?? null, entry: entry ?? null });

/** The notes that this agent has still to do. They stand here until they are done. */
export function OpenItems() {
  const { t } = useTranslation();
  const notes = useLive(live => live.notes);
  const drafts = useDrafts(state => state.drafts);
  const { open, last } = openOf(notes, drafts);
  return (
    <>
      <MayTake />
      {open.length > 0 && (
        <section className={styles.items} data-open-notes={open.length}>
          <h3>{t('note.open', { count: open.length })}</h3>
          <p className={styles.dim}>{t('note.openWords')}</p>
          <ul>
            {open.map(note => (
              <OpenItem key={note.call} note={note} draft={drafts.get(note.call)} />
            ))}
          </ul>
        </section>
      )}
      {last !== null && <LastNote note={last} />}
    </>
  );
}

/** The note of the last call may be written though nothing asks for it. */
function LastNote({ note }: { note: Note }) {
  const { t } = useTranslation();
  const who = useWhoOfCall(ofNote(note));
  return (
    <Button wide icon={<IconPencil size={16} stroke={1.75} aria-hidden />} onClick={() => write(note.call)}>
      <span className={styles.cut}>{t('note.last', { who })}</span>
    </Button>
  );
}

function OpenItem({ note, draft }: { note: Note; draft: Draft | undefined }) {
  const { t } = useTranslation();
  const who = useWhoOfCall(ofNote(note));
  const language = useLanguage();
  const written = writtenOf(draft, note);
  const missing = note.required && !given(written.disposition);
  const text = (written.note ?? '').trim();
  const time = clock(language, note.ended ?? note.began);
  return (
    <li>
      <button type="button" className={styles.item} onClick={() => write(note.call)}>
        <IconPencil size={16} stroke={1.75} aria-hidden />
        <span className={styles.itemText}>
          <b>
            <span className="only-heard">{t('note.title')} </span>
            <Heard text={who} />
          </b>
          <span className={styles.dim}>
            {text !== '' ? text : t(missing ? 'note.missing' : 'note.notReady')}
          </span>
        </span>
        <time className={styles.dim}>{time}</time>
      </button>
    </li>
  );
}

/** Where the queue leaves the wrap-up to the agent, it can be taken for a while after the call. */
function MayTake() {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const now = useSecond();
  const left = (agent?.may_wrap_up_until ?? 0) - now;
  if (agent === null || agent.state === 'wrap_up' || left <= 0) return null;
  return (
    <Button wide onClick={() => void changeWrapUp('take_wrap_up')}>
      {t('note.mayTake', { time: timer(left) })}
    </Button>
  );
}
