export { beginDrafts, isAhead, useDrafts, write } from './drafts';
export { OpenItems } from './open-items';
export type { Phase } from './form';
