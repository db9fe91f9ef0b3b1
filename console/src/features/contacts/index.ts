import '@/i18n/customers';

export { ContactPage, NewContactPage } from './contact-page';
export { ContactListPage } from './list-page';
export type { ContactSearch } from './search';
