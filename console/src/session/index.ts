export { forgetDrafts, hasDrafts, useDraft } from './drafts';
export {
  findSession,
  signIn,
  signOut,
  useAdministers,
  usePerson,
  useSession,
  type Person,
  type Session,
} from './store';
