import { Dialog } from '@/ui/dialog';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { phoneNumber, useTranslation } from '@/i18n';
import { refusedWords, say } from '@/notices';
import { Actions, Button, Problem, Stack } from '@/ui';
import { useTaken } from './contact-page';
import styles from './contacts.module.css';
import { type Contact, findContacts, isChanged, merge, part, remove } from './wishes';

/** Whether a merge can be taken back stands in the notice for so long, in milliseconds; after that on the other's page. */
const UNDO_LASTS = 60_000;

interface DialogProps {
  contact: Contact;
  onClose: () => void;
}

/** Two contacts that are one person: first which, then what that means, then it is done and can be taken back. */
export function MergeDialog({ contact, onClose }: DialogProps) {
  const { t } = useTranslation();
  const [other, setOther] = useState<Contact | null>(null);
  const title = t('contacts.mergeTitle', { name: contact.name });
  return (
    <Dialog onClose={onClose} title={title}>
      {other === null ? (
        <ChooseOther contact={contact} onChoose={setOther} onClose={onClose} />
      ) : (
        <Confirm contact={contact} other={other} onBack={() => setOther(null)} onClose={onClose} />
      )}
    </Dialog>
  );
}

function ChooseOther({ contact, onChoose, onClose }: DialogProps & { onChoose: (other: Contact) => void }) {
  const { t } = useTranslation();
  const [q, setQ] = useState('');
  const asked = useDeferredValue(q.trim());
  const found = useQuery({
    queryKey: ['contacts', 'merge', asked],
    queryFn: () => findContacts(asked),
    placeholderData: before => before,
  });
  const others = (found.data?.items ?? []).filter(one => one.id !== contact.id);
  return (
    <>
      <div className={styles.field}>
        <label htmlFor="merge-search">{t('contacts.mergeSearch')}</label>
        <input
          id="merge-search"
          type="search"
          autoComplete="off"
          data-autofocus
          maxLength={100}
          value={q}
          onChange={event => setQ(event.target.value)}
        />
      </div>
      {found.isSuccess && others.length === 0 && <p className={styles.quiet}>{t('contacts.mergeNobody')}</p>}
      {found.isError && <Problem>{refusedWords(found.error)}</Problem>}
      <ul className={styles.others}>
        {others.slice(0, 8).map(one => (
          <li key={one.id}>
            <button type="button" onClick={() => onChoose(one)}>
              <b>{one.name}</b>
              <span>{[one.company, ...one.numbers.map(phoneNumber)].filter(Boolean).join(', ')}</span>
            </button>
          </li>
        ))}
      </ul>
      <Actions>
        <Button onClick={onClose}>{t('contacts.cancel')}</Button>
      </Actions>
    </>
  );
}

function Confirm({ contact, other, onBack, onClose }: DialogProps & { other: Contact; onBack: () => void }) {
  const { t } = useTranslation();
  const taken = useTaken();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const names = { other: other.name, name: contact.name };
  const takeBack = async () => {
    try {
      const parted = await part(other.id);
      taken(parted);
      await queries.invalidateQueries({ queryKey: ['contact'] });
      say({ kind: 'done', title: t => t('contacts.parted', { name: parted.name }) });
    } catch (thrown) {
      say({ kind: 'refused', title: t => t('contacts.failed', { words: refusedWords(thrown) }) });
    }
  };
  const go = async () => {
    setBusy(true);
    try {
      const merged = await merge(contact, other);
      taken(merged);
      queries.removeQueries({ queryKey: ['contact', other.id] });
      say({
        kind: 'done',
        title: t => t('contacts.merged', names),
        act: { label: t => t('do.undo'), do: () => void takeBack() },
        lasts: UNDO_LASTS,
      });
      onClose();
    } catch (thrown) {
      setProblem(
        isChanged(thrown)
          ? t('contacts.mergeChanged')
          : t('contacts.mergeFailed', { words: refusedWords(thrown) }),
      );
      if (isChanged(thrown)) await queries.invalidateQueries({ queryKey: ['contact', contact.id] });
      setBusy(false);
    }
  };
  return (
    <>
      <Stack>
        <p className={styles.words}>
          {t('contacts.mergeWords', {
            ...names,
            numbers: other.numbers.length,
            notes: other.notes.length,
          })}
        </p>
        {problem !== null && <Problem>{problem}</Problem>}
      </Stack>
      <Actions>
        <Button onClick={onBack}>{t('contacts.mergeBack')}</Button>
        <Button kind="primary" disabled={busy} data-autofocus onClick={() => void go()}>
          {t('contacts.merge')}
        </Button>
      </Actions>
    </>
  );
}

/** It cannot be taken back, so it is asked first. */
export function RemoveDialog({ contact, onClose, onRemoved }: DialogProps & { onRemoved: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await remove(contact);
      say({ kind: 'done', title: t => t('contacts.removed', { name: contact.name }) });
      onRemoved();
      queries.removeQueries({ queryKey: ['contact', contact.id] });
      await queries.invalidateQueries({ queryKey: ['contacts'] });
    } catch (thrown) {
      setProblem(t('contacts.removeFailed', { words: refusedWords(thrown) }));
      if (isChanged(thrown)) await queries.invalidateQueries({ queryKey: ['contact', contact.id] });
      setBusy(false);
    }
  };
  return (
    <Dialog onClose={onClose} title={t('contacts.removeTitle', { name: contact.name })}>
      <Stack>
        <p className={styles.words}>{t('contacts.removeWords')}</p>
        {problem !== null && <Problem>{problem}</Problem>}
      </Stack>
      <Actions>
        <Button onClick={onClose} data-autofocus>
          {t('contacts.cancel')}
        </Button>
        <Button kind="danger" disabled={busy} onClick={() => void go()}>
          {t('contacts.remove')}
        </Button>
      </Actions>
    </Dialog>
  );
}
