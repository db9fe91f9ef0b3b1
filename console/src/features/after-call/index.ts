import '@/i18n/customers';

export { beginDrafts, isAhead, useDrafts, write } from './drafts';
export { Finish } from './finish';
export { AfterCall, type Phase } from './form';
export { OpenItems } from './open-items';
