import { Failure, type components, api, need, once } from '@/api';

export type Contact = components['schemas']['ContactShown'];
export type ContactGiven = components['schemas']['ContactGiven'];
export type FileShown = components['schemas']['FileShown'];
export type Duplicates = 'skip' | 'merge';

const at = <H>(id: string, header: H) => ({ params: { path: { id }, header } });

/** The version that was seen, as the server compares it (RFC 9110 §13.1.1). */
const seen = ({ version }: Contact) => ({ 'If-Match': `"${version}"` });

export const PAGE = 50;

export const findContacts = (q: string, after?: string) =>
  need(
    api.GET('/api/contacts', {
      params: { query: { ...(q !== '' && { q }), ...(after !== undefined && { after }), limit: PAGE } },
    }),
  );

export const contact = (id: string) => need(api.GET('/api/contacts/{id}', { params: { path: { id } } }));

export const create = (body: ContactGiven) =>
  need(api.POST('/api/contacts', { params: { header: once() }, body }));

export const replace = (before: Contact, body: ContactGiven) =>
  need(api.PUT('/api/contacts/{id}', { ...at(before.id, seen(before)), body }));

export const remove = (before: Contact) =>
  need(api.DELETE('/api/contacts/{id}', at(before.id, seen(before))));

export const addNote = (id: string, text: string) =>
  need(api.POST('/api/contacts/{id}/notes', { ...at(id, once()), body: { text } }));

export const merge = (into: Contact, from: Contact) =>
  need(
    api.POST('/api/contacts/{id}/merge', {
      ...at(into.id, once()),
      body: { from: from.id, from_version: from.version, version: into.version },
    }),
  );

export const part = (id: string) => need(api.POST('/api/contacts/{id}/part', at(id, once())));

export const bring = (csv: string, duplicates: Duplicates, preview: boolean) =>
  need(api.POST('/api/contacts/import', { params: { header: once() }, body: { csv, duplicates, preview } }));

/** Somebody else has changed it since it was read. */
export function isChanged(thrown: unknown): boolean {
  return thrown instanceof Failure && (thrown.status === 412 || thrown.code === 'changed_meanwhile');
}
