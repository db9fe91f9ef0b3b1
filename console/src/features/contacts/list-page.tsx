import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconDownload, IconPlus, IconSearch, IconUpload, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Heard, phoneNumber, useTranslation } from '@/i18n';
import { refusedWords } from '@/notices';
import { usePerson } from '@/session';
import { Button, Empty, IconButton, useTitle } from '@/ui';
import sheet from '@/ui/sheet.module.css';
import styles from './contacts.module.css';
import { ImportDialog } from './import';
import type { ContactSearch } from './search';
import { type Contact, findContacts } from './wishes';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** So long after the last letter the search begins, in milliseconds. */
const PAUSE = 250;

interface ContactListProps {
  search: ContactSearch;
  onSearch: (search: ContactSearch) => void;
  onCreate: () => void;
}

/** All contacts, by name, and those that a word or a number finds. */
export function ContactListPage({ search, onSearch, onCreate }: ContactListProps) {
  const { t } = useTranslation();
  useTitle(t('contacts.title'));
  const person = usePerson();
  const oversees = person !== null && person.role !== 'agent';
  const [importing, setImporting] = useState(false);
  const q = search.q ?? '';
  return (
    <div className={styles.page} data-contacts>
      <header className={styles.top}>
        <h1>{t('contacts.title')}</h1>
        <div className={styles.buttons}>
          {oversees && (
            <>
              <Button icon={<IconUpload {...icon} />} onClick={() => setImporting(true)}>
                {t('contacts.import')}
              </Button>
              <a className={sheet.link} href="/api/contacts/export.csv" download="contacts.csv">
                <IconDownload {...icon} />
                {t('contacts.export')}
              </a>
            </>
          )}
          <Button kind="primary" icon={<IconPlus {...icon} />} onClick={onCreate}>
            {t('contacts.create')}
          </Button>
        </div>
      </header>
      <SearchField q={q} onSearch={onSearch} />
      <Rows q={q} />
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
    </div>
  );
}

function SearchField({ q, onSearch }: { q: string; onSearch: (search: ContactSearch) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(q);
  const [before, setBefore] = useState(q);
  // The address may change without the field: by going back, or by a link.
  if (before !== q) {
    setBefore(q);
    if (typed.trim() !== q) setTyped(q);
  }
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === q) return;
    const timer = setTimeout(() => onSearch(wanted === '' ? {} : { q: wanted }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed, q, onSearch]);
  return (
    <div className={styles.search} role="search">
      <IconSearch {...icon} />
      <input
        type="search"
        aria-label={t('contacts.search')}
        placeholder={t('contacts.search')}
        autoComplete="off"
        maxLength={100}
        value={typed}
        onChange={event => setTyped(event.target.value)}
      />
      {typed !== '' && (
        <IconButton label={t('contacts.clearSearch')} small onClick={() => setTyped('')}>
          <IconX {...icon} />
        </IconButton>
      )}
    </div>
  );
}

function Rows({ q }: { q: string }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['contacts', 'list', q],
    queryFn: ({ pageParam }) => findContacts(q, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: page => page.next ?? undefined,
    placeholderData: before => before,
  });
  if (query.isPending) return <Empty title={t('contacts.loading')} words="" />;
  if (query.data === undefined) {
    return (
      <Empty title={t('contacts.loadFailed')} words={refusedWords(query.error)}>
        <Button onClick={() => void query.refetch()}>{t('contacts.retry')}</Button>
      </Empty>
    );
  }
  const contacts = query.data.pages.flatMap(page => page.items);
  if (contacts.length === 0) {
    return q === '' ? (
      <Empty title={t('contacts.empty')} words={t('contacts.emptyWords')} />
    ) : (
      <Empty title={t('contacts.emptySearch')} words={t('contacts.emptySearchWords')} />
    );
  }
  return (
    <div className={styles.scroller}>
      <ul className={styles.list} aria-label={t('contacts.count', { count: contacts.length })}>
        {contacts.map(contact => (
          <Row key={contact.id} contact={contact} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className={styles.foot}>
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('contacts.more')}
          </Button>
        </div>
      )}
    </div>
  );
}

function Row({ contact }: { contact: Contact }) {
  const [first, ...others] = contact.numbers;
  return (
    <li>
      <Link
        to="/contacts/$contact"
        params={{ contact: contact.id }}
        className={styles.row}
        data-row={contact.id}
      >
        <b title={contact.name}>{contact.name}</b>
        <span className={styles.rowNumber}>
          {first !== undefined && <Heard text={phoneNumber(first)} />}
          {others.length > 0 && <small> +{others.length}</small>}
        </span>
        <span title={contact.company}>{contact.company}</span>
        <span title={contact.tags.join(', ')}>{contact.tags.join(', ')}</span>
      </Link>
    </li>
  );
}
