import { IconPlus, IconX } from '@tabler/icons-react';
import { type FormEvent, useId, useState } from 'react';
import { Failure } from '@/api';
import { LANGUAGES, phoneNumber, useTranslation } from '@/i18n';
import { useDraft } from '@/session';
import { refusedWords, say } from '@/notices';
import { Actions, Button, IconButton, Problem, Stack } from '@/ui';
import styles from './contacts.module.css';
import { type Field, type Typed, conflictOf, emptyTyped, givenOf, placeOf, typedOf } from './typed';
import { type Contact, contact as read, create, isChanged, replace } from './wishes';

interface FormProps {
  /** The contact that is changed; a new one where there is none. */
  before: Contact | null;
  /** The number with which a new one begins. */
  number?: string;
  onSaved: (contact: Contact) => void;
  onCancel: () => void;
}

function keptOf(text: string, first: Typed): Typed {
  try {
    return text === '' ? first : { ...first, ...(JSON.parse(text) as Partial<Typed>) };
  } catch {
    return first;
  }
}

/** All that is known of a contact but its notes. What is typed stays through reloads and ended sessions. */
export function ContactForm({ before: first, number, onSaved, onCancel }: FormProps) {
  const { t } = useTranslation();
  const id = useId();
  const [before, setBefore] = useState(first);
  const [text, keep, forget] = useDraft(`contact.${first?.id ?? `new${number ?? ''}`}`);
  const typed = keptOf(text, before === null ? emptyTyped(number) : typedOf(before));
  const change = (next: Partial<Typed>) => keep(JSON.stringify({ ...typed, ...next }));
  const [problem, setProblem] = useState<{ field: string; words: string } | null>(null);
  const [theirs, setTheirs] = useState<Partial<Record<Field, string>>>({});
  const [busy, setBusy] = useState(false);

  const saved = (contact: Contact) => {
    forget();
    say({ kind: 'done', title: t => t('contacts.saved', { name: contact.name }), lasts: 4_000 });
    onSaved(contact);
  };
  /** Shows what somebody else has made of it, beside what was typed here. */
  const compare = async (seen: Contact) => {
    const now = await read(seen.id);
    const { merged, theirs: differ } = conflictOf(typedOf(seen), typed, typedOf(now));
    // Who has changed something else does not stand in the way.
    if (Object.keys(differ).length === 0) return saved(await replace(now, givenOf(merged)));
    setBefore(now);
    setTheirs(differ);
    keep(JSON.stringify(merged));
    setProblem({ field: '', words: t('contacts.changed') });
  };
  const takenWords = (field: string, { body }: Failure) => {
    const at = placeOf(field, typed.numbers);
    if (at === null || !body?.contact) return t('contacts.takenBySome');
    return t('contacts.taken', { n: at + 1, name: body.contact.name });
  };
  const save = async () => {
    try {
      const given = givenOf(typed);
      saved(await (before === null ? create(given) : replace(before, given)));
    } catch (thrown) {
      if (before !== null && isChanged(thrown)) return compare(before);
      const field = thrown instanceof Failure ? (thrown.body?.field ?? '') : '';
      const taken = thrown instanceof Failure && thrown.code === 'number_taken';
      const words = taken ? takenWords(field, thrown) : t('contacts.failed', { words: refusedWords(thrown) });
      setProblem({ field, words });
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (typed.name.trim() === '') return setProblem({ field: 'name', words: t('contacts.missingName') });
    setProblem(null);
    setBusy(true);
    try {
      await save();
    } catch (thrown) {
      setProblem({ field: '', words: t('contacts.failed', { words: refusedWords(thrown) }) });
    }
    setBusy(false);
  };
  const about = (field: Field) => ({ field, problem, theirs: theirs[field] });
  const plain = (field: 'name' | 'company' | 'email' | 'zone' | 'tags', label: string, hint?: string) => (
    <div className={styles.field}>
      <label htmlFor={id + field}>{label}</label>
      <input
        id={id + field}
        value={typed[field]}
        maxLength={field === 'tags' ? 1_000 : 200}
        autoComplete="off"
        type={field === 'email' ? 'email' : 'text'}
        aria-describedby={hint === undefined ? undefined : `${id}${field}hint`}
        aria-invalid={problem?.field === field || undefined}
        onChange={event => change({ [field]: event.target.value })}
      />
      {hint !== undefined && <small id={`${id}${field}hint`}>{hint}</small>}
      <About {...about(field)} />
    </div>
  );
  return (
    <form onSubmit={event => void submit(event)} className={styles.form} noValidate>
      <Stack>
        {plain('name', t('contacts.name'))}
        <Numbers
          numbers={typed.numbers}
          wrong={placeOf(problem?.field ?? '', typed.numbers)}
          onChange={numbers => change({ numbers })}
          id={id}
        />
        <About {...about('numbers')} />
        {plain('company', t('contacts.company'))}
        {plain('email', t('contacts.email'))}
        <div className={styles.field}>
          <label htmlFor={`${id}language`}>{t('contacts.language')}</label>
          <select
            id={`${id}language`}
            value={typed.language}
            onChange={event => change({ language: event.target.value as Typed['language'] })}
          >
            <option value="">{t('contacts.noneChosen')}</option>
            {(['en', 'zh'] as const).map(one => (
              <option key={one} value={one}>
                {LANGUAGES[one]}
              </option>
            ))}
          </select>
          <About {...about('language')} />
        </div>
        {plain('zone', t('contacts.zone'), t('contacts.zoneHint'))}
        {plain('tags', t('contacts.tags'), t('contacts.tagsHint'))}
        {problem !== null && !isOfField(problem.field) && <Problem>{problem.words}</Problem>}
      </Stack>
      <Actions>
        <Button
          size="field"
          onClick={() => {
            forget();
            onCancel();
          }}
        >
          {t('contacts.cancel')}
        </Button>
        <Button type="submit" kind="primary" size="field" disabled={busy}>
          {t('contacts.save')}
        </Button>
      </Actions>
    </form>
  );
}

const isOfField = (field: string) => /^(name|numbers|company|email|language|zone|tags)/.test(field);

interface AboutProps {
  field: Field;
  problem: { field: string; words: string } | null;
  theirs: string | undefined;
}

/** What is wrong with a field, and what somebody else has written in it. */
function About({ field, problem, theirs }: AboutProps) {
  const { t } = useTranslation();
  const shown = field === 'numbers' ? theirs?.split(', ').map(phoneNumber).join(', ') : theirs;
  return (
    <>
      {theirs !== undefined && (
        <small data-theirs={field}>
          {t('contacts.theirs', { words: shown === '' ? t('contacts.emptied') : shown })}
        </small>
      )}
      {problem !== null && problem.field.startsWith(field) && <Problem>{problem.words}</Problem>}
    </>
  );
}

interface NumbersProps {
  numbers: string[];
  /** The one with which something is wrong. */
  wrong: number | null;
  onChange: (numbers: string[]) => void;
  id: string;
}

/** The most numbers that the server takes. */
const MOST_NUMBERS = 20;

function Numbers({ numbers, wrong, onChange, id }: NumbersProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles.numbers}>
      <legend>{t('contacts.numbers')}</legend>
      {numbers.map((number, index) => (
        <div key={index} className={styles.number}>
          <input
            id={`${id}number${index}`}
            type="tel"
            aria-label={t('contacts.number', { n: index + 1 })}
            value={number}
            maxLength={64}
            autoComplete="off"
            aria-invalid={index === wrong || undefined}
            onChange={event => onChange(numbers.map((one, at) => (at === index ? event.target.value : one)))}
          />
          {numbers.length > 1 && (
            <IconButton
              label={t('contacts.removeNumber', { n: index + 1 })}
              side="left"
              onClick={() => onChange(numbers.filter((_, at) => at !== index))}
            >
              <IconX size={18} stroke={1.75} aria-hidden />
            </IconButton>
          )}
        </div>
      ))}
      {numbers.length < MOST_NUMBERS && (
        <Button
          icon={<IconPlus size={16} stroke={1.75} aria-hidden />}
          onClick={() => onChange([...numbers, ''])}
        >
          {t('contacts.addNumber')}
        </Button>
      )}
    </fieldset>
  );
}
