import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconArrowLeft, IconArrowMerge, IconPencil, IconTrash } from '@tabler/icons-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { isFailure } from '@/api';
import { Heard, LANGUAGES, byWhom, moment, phoneNumber, useLanguage, useTranslation } from '@/i18n';
import { useStep } from '@/live';
import { refusedWords, say } from '@/notices';
import { useDraft, usePerson } from '@/session';
import { Button, Chip, Empty, Problem, useTitle } from '@/ui';
import styles from './contacts.module.css';
import { MergeDialog, RemoveDialog } from './dialogs';
import { ContactForm } from './form';
import { type Contact, addNote, contact as read, part } from './wishes';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

export interface ContactPageProps {
  id: string;
  /** Goes back to all contacts. */
  onGone: () => void;
}

/** Puts the answer to a wish where the page reads it, and lets the list be read anew. */
export function useTaken(): (contact: Contact) => void {
  const queries = useQueryClient();
  return contact => {
    queries.setQueryData(['contact', contact.id], contact);
    void queries.invalidateQueries({ queryKey: ['contacts'] });
    void queries.invalidateQueries({ queryKey: ['pop'] });
  };
}

/** One contact: who it is, and what people have noted. */
export function ContactPage({ id, onGone }: ContactPageProps) {
  const { t } = useTranslation();
  const taken = useTaken();
  const query = useQuery({
    queryKey: ['contact', id],
    queryFn: () => read(id),
    staleTime: 5_000,
    retry: (count, thrown) => count < 3 && !(isFailure(thrown) && thrown.status > 0 && thrown.status < 500),
  });
  useTitle(query.data?.name ?? t('contacts.title'));
  const takeApart = async () => {
    try {
      const parted = await part(id);
      taken(parted);
      say({ kind: 'done', title: t => t('contacts.parted', { name: parted.name }) });
    } catch (thrown) {
      const nothing = isFailure(thrown, 'not_found');
      say({
        id: 'contact',
        kind: 'refused',
        title: t => (nothing ? t('contacts.nothingToPart') : refusedWords(thrown)),
      });
    }
  };
  return (
    <div className={styles.page} data-contact={id}>
      <Back />
      {query.data !== undefined ? (
        <Shown key={query.data.id} contact={query.data} onGone={onGone} />
      ) : isFailure(query.error, 'not_found') ? (
        <Empty page title={t('contacts.notFound')} words={t('contacts.notFoundWords')}>
          <Button onClick={() => void takeApart()}>{t('contacts.part')}</Button>
        </Empty>
      ) : query.isError ? (
        <Empty page title={t('contacts.loadFailed')} words={refusedWords(query.error)}>
          <Button onClick={() => void query.refetch()}>{t('contacts.retry')}</Button>
        </Empty>
      ) : (
        <Empty page title={t('page.loading')} words="" />
      )}
    </div>
  );
}

export function Back() {
  const { t } = useTranslation();
  return (
    <Link to="/contacts" className={styles.back}>
      <IconArrowLeft size={16} stroke={1.75} aria-hidden />
      {t('contacts.back')}
    </Link>
  );
}

type Asked = 'merge' | 'remove' | null;

function Shown({ contact, onGone }: { contact: Contact; onGone: () => void }) {
  const { t } = useTranslation();
  const person = usePerson();
  const taken = useTaken();
  const [editing, setEditing] = useState(false);
  const [asked, setAsked] = useState<Asked>(null);
  const oversees = person !== null && person.role !== 'agent';
  return (
    <>
      <header className={styles.top}>
        <h1>{contact.name}</h1>
        {!editing && (
          <div className={styles.buttons}>
            <Button icon={<IconPencil {...icon} />} onClick={() => setEditing(true)}>
              {t('contacts.edit')}
            </Button>
            <Button icon={<IconArrowMerge {...icon} />} onClick={() => setAsked('merge')}>
              {t('contacts.merge')}
            </Button>
            {oversees && (
              <Button icon={<IconTrash {...icon} />} onClick={() => setAsked('remove')}>
                {t('contacts.remove')}
              </Button>
            )}
          </div>
        )}
      </header>
      <div className={styles.columns}>
        <section className={styles.part}>
          <h2>{t('contacts.facts')}</h2>
          {editing ? (
            <ContactForm
              before={contact}
              onSaved={saved => {
                taken(saved);
                setEditing(false);
              }}
              onCancel={() => setEditing(false)}
            />
          ) : (
            <Facts contact={contact} />
          )}
        </section>
        <Notes contact={contact} />
      </div>
      {asked === 'merge' && <MergeDialog contact={contact} onClose={() => setAsked(null)} />}
      {asked === 'remove' && (
        <RemoveDialog contact={contact} onClose={() => setAsked(null)} onRemoved={onGone} />
      )}
    </>
  );
}

function Facts({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const { numbers, company, email, language, zone, tags } = contact;
  const facts: [string, ReactNode][] = [
    [
      t('contacts.numbers'),
      numbers.length > 0 && (
        <ul>
          {numbers.map(number => (
            <li key={number}>
              <Heard text={phoneNumber(number)} />
            </li>
          ))}
        </ul>
      ),
    ],
    [t('contacts.company'), company],
    [t('contacts.email'), email],
    [t('contacts.language'), language === 'en' || language === 'zh' ? LANGUAGES[language] : null],
    [t('contacts.zone'), zone],
    [
      t('contacts.tags'),
      tags.length > 0 && (
        <span className={styles.chips}>
          {tags.map(tag => (
            <Chip key={tag} tone="grey">
              {tag}
            </Chip>
          ))}
        </span>
      ),
    ],
  ];
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => Boolean(value))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Notes({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  const taken = useTaken();
  const [text, setText, forget] = useDraft(`contact-note.${contact.id}`);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    setBusy(true);
    setProblem(null);
    try {
      taken(await addNote(contact.id, text.trim()));
      setText('');
      forget();
    } catch (thrown) {
      setProblem(t('contacts.failed', { words: refusedWords(thrown) }));
    }
    setBusy(false);
  };
  return (
    <section className={`${styles.part} ${styles.side}`}>
      <h2>{t('contacts.notes')}</h2>
      <form onSubmit={event => void submit(event)} className={styles.noteForm}>
        <div className={styles.field}>
          <label htmlFor="contact-note">{t('contacts.note')}</label>
          <textarea
            id="contact-note"
            rows={3}
            maxLength={2_000}
            value={text}
            onChange={event => setText(event.target.value)}
          />
        </div>
        {problem !== null && <Problem>{problem}</Problem>}
        <Button type="submit" disabled={busy || text.trim() === ''}>
          {t('contacts.addNote')}
        </Button>
      </form>
      {contact.notes.length === 0 && <p className={styles.quiet}>{t('contacts.noNotes')}</p>}
      <ul className={styles.notes}>
        {contact.notes.map((note, index) => (
          <li key={`${note.at}-${contact.notes.length - index}`}>
            <p>{note.text}</p>
            <small>
              {byWhom(t, note.by)}, {moment(t, language, note.at, now)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A contact that is to be made. */
export function NewContactPage({
  number,
  onSaved,
  onCancel,
}: {
  number: string | undefined;
  onSaved: (id: string) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const taken = useTaken();
  useTitle(t('contacts.create'));
  return (
    <div className={styles.page}>
      <Back />
      <header className={styles.top}>
        <h1>{t('contacts.create')}</h1>
      </header>
      <section className={styles.part}>
        <ContactForm
          before={null}
          number={number}
          onSaved={saved => {
            taken(saved);
            onSaved(saved.id);
          }}
          onCancel={onCancel}
        />
      </section>
    </div>
  );
}
