import { Textarea } from '@mantine/core';
import { Dialog } from '@/ui/dialog';
import { Select } from '@/ui/select';
import { type FormEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { api, need } from '@/api';
import { assign, block, postpone, sayOutcome, useWho } from '@/entries';
import { clock, useLanguage, useTranslation } from '@/i18n';
import { type Entry, serverNow, useLive } from '@/live';
import { useDraft } from '@/session';
import { Actions, Button, Problem, Stack } from '@/ui';
import { DayField, TimeField } from '@/ui/when';
import styles from './dialogs.module.css';
import type { Asked } from './more';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The longest note that the server keeps. */
const LONGEST_NOTE = 2_000;

/** Asks for what an action needs to know. */
export function Dialogs({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { t } = useTranslation();
  const who = useWho(asked.entry);
  const title = {
    postpone: t('postpone.title', { who }),
    outcome: t('outcome.title', { who }),
    assign: t('assign.title', { who }),
    block: t('block.title', { who }),
  }[asked.what];
  const Body = { postpone: Postpone, outcome: OutcomeForm, assign: Assign, block: Block }[asked.what];
  return (
    <Dialog onClose={onClose} title={title}>
      <Body entry={asked.entry} onClose={onClose} />
    </Dialog>
  );
}

interface BodyProps {
  entry: Entry;
  onClose: () => void;
}

const pad = (n: number) => String(n).padStart(2, '0');
const dayOf = (at: number) => {
  const day = new Date(at);
  return `${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`;
};

/** The next full five minutes: nobody agrees on 14:32:17. */
const rounded = (at: number) => Math.ceil(at / (5 * MINUTE)) * 5 * MINUTE;

function Postpone({ entry, onClose }: BodyProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const [first] = useState(() => rounded(serverNow() + HOUR));
  const [day, setDay] = useState(dayOf(first));
  const [time, setTime] = useState(clock(language, first));
  const [note, setNote, forget] = useDraft(`postpone.${entry.id}`);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const choose = (at: number) => {
    setDay(dayOf(at));
    setTime(clock(language, at));
    setProblem(null);
  };
  const tomorrow = () => {
    const next = new Date(serverNow());
    next.setDate(next.getDate() + 1);
    next.setHours(9, 0, 0, 0);
    return next.getTime();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const from = new Date(`${day}T${time}`).getTime();
    if (!Number.isFinite(from) || from <= serverNow()) return setProblem(t('postpone.past'));
    setBusy(true);
    if (await postpone(entry, from, from + HOUR, note)) {
      forget();
      onClose();
    }
    setBusy(false);
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Stack>
        <p className={styles.words}>{t('postpone.words')}</p>
        <div className={styles.quick}>
          <Button onClick={() => choose(rounded(serverNow() + 30 * MINUTE))}>
            {t('postpone.inMinutes', { count: 30 })}
          </Button>
          <Button onClick={() => choose(rounded(serverNow() + HOUR))}>
            {t('postpone.inHours', { count: 1 })}
          </Button>
          <Button onClick={() => choose(rounded(serverNow() + 2 * HOUR))}>
            {t('postpone.inHours', { count: 2 })}
          </Button>
          <Button onClick={() => choose(tomorrow())}>{t('postpone.tomorrow', { time: '09:00' })}</Button>
        </div>
        <div className={styles.when}>
          <DayField
            className={styles.field}
            label={t('postpone.day')}
            value={day}
            from={dayOf(serverNow())}
            onChange={setDay}
          />
          <TimeField
            className={styles.field}
            label={t('postpone.at')}
            value={time}
            first
            onChange={setTime}
          />
        </div>
        <Textarea
          label={t('postpone.note')}
          value={note}
          maxLength={LONGEST_NOTE}
          rows={3}
          onChange={event => setNote(event.currentTarget.value)}
        />
        {problem !== null && <Problem>{problem}</Problem>}
      </Stack>
      <Actions>
        <Button onClick={onClose}>{t('do.cancel')}</Button>
        <Button type="submit" kind="primary" disabled={busy}>
          {t('do.postpone')}
        </Button>
      </Actions>
    </form>
  );
}

const BECOMES = ['done', 'not_reached', 'keep', 'cancelled', 'refused'] as const;

/** What can have been heard instead of the customer. */
const HEARD = ['machine', 'no_answer', 'busy', 'refused', 'unallocated', 'switched_off'] as const;

function OutcomeForm({ entry, onClose }: BodyProps) {
  const { t } = useTranslation();
  const [what, setWhat] = useState<(typeof BECOMES)[number]>('done');
  const [note, setNote, forget] = useDraft(`outcome.${entry.id}`);
  const [disposition, setDisposition] = useState<string | null>(null);
  const [heard, setHeard] = useState<(typeof HEARD)[number]>('machine');
  // Only of a call that was can be said that it reached nobody.
  const choices = BECOMES.filter(one => one !== 'not_reached' || entry.state.name === 'noting');
  const [busy, setBusy] = useState(false);
  const offered = useQuery({
    queryKey: ['dispositions', entry.id],
    queryFn: () => need(api.GET('/api/entries/{id}/dispositions', { params: { path: { id: entry.id } } })),
  });
  const items = offered.data?.items ?? [];
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const done = await sayOutcome(entry, {
      outcome: what === 'keep' || what === 'not_reached' ? what : 'close',
      reason: what === 'keep' || what === 'not_reached' ? undefined : what,
      result: what === 'not_reached' ? heard : undefined,
      disposition: disposition ?? undefined,
      note,
    });
    if (done) {
      forget();
      onClose();
    }
    setBusy(false);
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Stack>
        <fieldset className={styles.choices}>
          <legend>{t('outcome.what')}</legend>
          {choices.map(one => (
            <label key={one} className={styles.choice}>
              <input
                type="radio"
                name="what"
                value={one}
                checked={what === one}
                onChange={() => setWhat(one)}
              />
              <b>{t(`outcome.${one}`)}</b>
              <span>{t(`outcome.${one}Hint`)}</span>
            </label>
          ))}
        </fieldset>
        {what === 'not_reached' && (
          <Select
            label={t('outcome.heard')}
            data={HEARD.map(one => ({ value: one, label: t(`resultCap.${one}`) }))}
            value={heard}
            allowDeselect={false}
            onChange={value => value !== null && setHeard(value as (typeof HEARD)[number])}
          />
        )}
        {items.length > 0 && (
          <Select
            label={t('outcome.disposition')}
            placeholder={t('outcome.none')}
            data={items.map(one => ({ value: one.key, label: one.name }))}
            value={disposition}
            onChange={setDisposition}
            searchable
            clearable
            comboboxProps={{ withinPortal: true }}
          />
        )}
        <Textarea
          label={t('outcome.note')}
          description={
            note.length > LONGEST_NOTE - 200
              ? t('outcome.noteLeft', { count: LONGEST_NOTE - note.length })
              : t('outcome.kept')
          }
          value={note}
          maxLength={LONGEST_NOTE}
          rows={4}
          onChange={event => setNote(event.currentTarget.value)}
        />
      </Stack>
      <Actions>
        <Button onClick={onClose}>{t('do.cancel')}</Button>
        <Button type="submit" kind="primary" disabled={busy}>
          {what === 'keep' || what === 'not_reached' ? t('outcome.keepDo') : t('outcome.close')}
        </Button>
      </Actions>
    </form>
  );
}

function Assign({ entry, onClose }: BodyProps) {
  const { t } = useTranslation();
  const agents = useLive(live => live.agents);
  const nobody = 'nobody';
  const [agent, setAgent] = useState<string>(entry.assigned ?? nobody);
  const [busy, setBusy] = useState(false);
  const names = [...agents.values()].sort((one, other) => one.name.localeCompare(other.name));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    if (await assign(entry, agent === nobody ? null : agent)) onClose();
    setBusy(false);
  };
  return (
    <form onSubmit={event => void submit(event)}>
      <Select
        label={t('assign.agent')}
        data={[
          { value: nobody, label: t('assign.nobody') },
          ...names.map(one => ({ value: one.key, label: `${one.name} (${t(`state.${one.state}`)})` })),
        ]}
        value={agent}
        allowDeselect={false}
        searchable
        // Opened at once it would lie over the buttons.
        openOnFocus={false}
        onChange={value => setAgent(value ?? nobody)}
        data-autofocus
      />
      <Actions>
        <Button onClick={onClose}>{t('do.cancel')}</Button>
        <Button type="submit" kind="primary" disabled={busy}>
          {t('do.assign')}
        </Button>
      </Actions>
    </form>
  );
}

/** It hits a person and holds for everybody, so it is asked first. */
function Block({ entry, onClose }: BodyProps) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    if (await block(entry)) onClose();
    setBusy(false);
  };
  return (
    <>
      <p className={styles.words}>{t('block.words')}</p>
      <Actions>
        <Button onClick={onClose} data-autofocus>
          {t('do.cancel')}
        </Button>
        <Button kind="danger" disabled={busy} onClick={() => void submit()}>
          {t('do.block')}
        </Button>
      </Actions>
    </>
  );
}
