import { useQuery } from '@tanstack/react-query';
import { given } from '@/api';
import { Heard, type TFunction, clock, phoneNumber, timer, useLanguage, useTranslation } from '@/i18n';
import { changeWrapUp } from './wrap-up';
import { type Note, useLive, useMyAgent, useNames } from '@/live';
import { fetchCall, talkedWith } from '@/past';
import styles from './after-call.module.css';
import { Dispositions, type Effect } from './dispositions';
import { type Draft, type Written, type as typed, useDrafts } from './drafts';
import { FollowUp } from './follow-up';
import { type Becomes, entryToClose } from './save';
import { Tags } from './tags';
import { useWritten } from './written';
import { useBecomes } from './becomes';

/** The longest note that the server takes, in characters. */
const LONGEST = 2_000;

/** In which part of the work the form is filled in: while they talk, in the wrap-up, or later. */
export type Phase = 'talking' | 'wrap_up' | 'later';

/** What becomes of the request with a disposition that says so; the agent may choose otherwise. */
const BECOMES_BY: Record<Effect, Becomes> = { closes: 'done', keeps_open: 'keep', retries: 'not_reached' };

interface AfterCallProps {
  call: string;
  phase: Phase;
  /** The customer's name, where somebody knows it. */
  name: string | null;
  /** Since when they talked, where it is known. */
  connected: number | null;
}

/** What an agent writes about a call, from the first word on kept as it is typed. */
export function AfterCall({ call, phase, name, connected }: AfterCallProps) {
  const { t } = useTranslation();
  const row = useLive(live => live.notes.get(call));
  const draft = useDrafts(state => state.drafts.get(call));
  const written = useWritten(call);
  const entries = useLive(live => live.entries);
  const [becomes, setBecomes, may] = useBecomes(call);
  const does = entryToClose(row, entries) === null ? null : becomesWords(t, becomes);
  const change = (next: Partial<Written>) => typed(call, { ...written, ...next });
  const note = written.note ?? '';
  return (
    <div className={styles.form} data-note={call}>
      {phase !== 'talking' && <Whom row={row} name={name} connected={connected} />}
      <div className={styles.part}>
        <div className={styles.line}>
          <label htmlFor={`note-${call}`}>{t('note.title')}</label>
          <Kept draft={draft} typedAt={row?.typed ?? null} />
        </div>
        <textarea
          id={`note-${call}`}
          className={styles.note}
          rows={phase === 'talking' ? 6 : 4}
          maxLength={LONGEST}
          value={note}
          onChange={event => change({ note: event.target.value })}
        />
        {note.length > LONGEST - 200 && (
          <p className={styles.dim}>{t('note.left', { count: LONGEST - note.length })}</p>
        )}
        {draft?.corrects === true && <p className={styles.dim}>{t('note.corrects')}</p>}
      </div>
      <Dispositions
        call={call}
        chosen={written.disposition ?? null}
        required={row?.required ?? false}
        open={phase !== 'talking'}
        does={phase === 'talking' ? null : does}
        agreed={!may.includes('done')}
        onChoose={(disposition, effect) => {
          change({ disposition });
          if (effect !== null) setBecomes(BECOMES_BY[effect]);
        }}
      />
      {phase !== 'talking' && <OfEntry call={call} />}
      <Tags tags={written.tags ?? []} onChange={tags => change({ tags })} />
      <FollowUp call={call} />
      {phase === 'talking' && <Wants />}
    </div>
  );
}

interface WhomProps extends Pick<AfterCallProps, 'name' | 'connected'> {
  row: Note | undefined;
}

/** Whom the call was with, when it ended, and how long they talked. */
function Whom({ row, name, connected }: WhomProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const past = useTalked(row, connected === null);
  if (row === undefined) return null;
  const talked = given(row.ended) && connected !== null ? Math.max(0, row.ended - connected) : past;
  const number = row.number ? phoneNumber(row.number) : t('list.unknownNumber');
  return (
    <p className={styles.whom}>
      <span>
        <b>
          <Heard text={name ?? number} />
        </b>
        {name !== null && (
          <span className={styles.dim}>
            <Heard text={number} />
          </span>
        )}
      </span>
      {given(row.ended) && (
        <span className={styles.dim}>
          {t('note.endedAt', { time: clock(language, row.ended) })}
          {talked !== null && `, ${t('chip.talked', { time: timer(talked) })}`}
        </span>
      )}
    </p>
  );
}

/** How long they talked, for a page that was opened anew since: as it was written down. */
function useTalked(row: Note | undefined, asks: boolean): number | null {
  const { data } = useQuery({
    queryKey: ['past-call', row?.call],
    queryFn: () => fetchCall(row?.call ?? ''),
    enabled: asks && given(row?.ended),
    staleTime: Infinity,
    retry: 3,
  });
  return data === undefined || row === undefined ? null : talkedWith(data, row.agent);
}

/** Whether the server has what is typed; read out as it changes. */
function Kept({ draft, typedAt }: { draft: Draft | undefined; typedAt: number | null }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const at = draft?.keptAt ?? typedAt;
  const state = draft?.state ?? 'kept';
  const words =
    state === 'refused'
      ? t('note.refused', { words: draft?.problem ?? '' })
      : state === 'kept'
        ? at === null
          ? ''
          : t('note.saved', { time: clock(language, at) })
        : draft?.corrects === true
          ? ''
          : t('note.saving');
  return (
    <span className={styles.kept} data-kept={state} role="status">
      {words}
    </span>
  );
}

function becomesWords(t: TFunction, becomes: Becomes): string {
  const words: Record<Becomes, string> = {
    done: t('note.becomesDone'),
    keep: t('note.becomesKeep'),
    not_reached: t('note.becomesNotReached'),
    cancelled: t('note.becomesCancelled'),
    refused: t('note.becomesRefused'),
  };
  return words[becomes];
}

/** What becomes of the entry that was called back: the save says it, too. */
function OfEntry({ call }: { call: string }) {
  const { t } = useTranslation();
  const row = useLive(live => live.notes.get(call));
  const entries = useLive(live => live.entries);
  const [becomes, setBecomes, all] = useBecomes(call);
  if (entryToClose(row, entries) === null) return null;
  return (
    <label className={styles.field}>
      {t('note.becomes')}
      <select value={becomes} onChange={event => setBecomes(event.target.value as Becomes)}>
        {all.map(one => (
          <option key={one} value={one}>
            {becomesWords(t, one)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where the queue leaves the wrap-up to the agent, it is wished for while they talk. */
function Wants() {
  const { t } = useTranslation();
  const agent = useMyAgent();
  const call = useLive(live => (agent?.call ? live.calls.get(agent.call) : undefined));
  const mode = useNames(({ desk }) => desk?.queues.find(one => one.key === call?.queue)?.wrap_up);
  if (agent === null || mode !== 'optional') return null;
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={agent.wants_wrap_up}
        onChange={event => void changeWrapUp(event.target.checked ? 'take_wrap_up' : 'end_wrap_up')}
      />
      {t('note.wants')}
    </label>
  );
}
