export { EntryPage } from './entry-page';
export { ListPage } from './list-page';
export { readSearch, type Search } from './search';
