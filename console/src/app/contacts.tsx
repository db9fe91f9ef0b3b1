import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { ContactListPage, ContactPage, type ContactSearch, NewContactPage } from '@/features/contacts';

const contacts = getRouteApi('/contacts');
const contact = getRouteApi('/contacts/$contact');
const newContact = getRouteApi('/contacts/new');

export function Contacts() {
  const search = contacts.useSearch();
  const navigate = useNavigate();
  const onSearch = useCallback(
    (next: ContactSearch) => void navigate({ to: '/contacts', search: next, replace: true }),
    [navigate],
  );
  return (
    <ContactListPage
      search={search}
      onSearch={onSearch}
      onCreate={() => void navigate({ to: '/contacts/new' })}
    />
  );
}

export function OneContact() {
  const { contact: id } = contact.useParams();
  const navigate = useNavigate();
  return <ContactPage key={id} id={id} onGone={() => void navigate({ to: '/contacts' })} />;
}

export function NewContact() {
  const { number } = newContact.useSearch();
  const navigate = useNavigate();
  return (
    <NewContactPage
      key={number}
      number={number}
      onSaved={id => void navigate({ to: '/contacts/$contact', params: { contact: id }, replace: true })}
      onCancel={() => void navigate({ to: '/contacts' })}
    />
  );
}
