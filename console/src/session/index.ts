export { forgetDrafts, useDraft } from './drafts';
export { findSession, signIn, signOut, usePerson, useSession, type Person, type Session } from './store';
