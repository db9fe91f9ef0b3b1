import { type components, api, isFailure, need, onSessionEnded } from '@/api';
import { startLive, stopLive, useLive } from '@/live';
import { create } from 'zustand';
import { forgetDrafts } from './drafts';

export type Person = components['schemas']['Person'];

/** Who works at this page. */
export type Session =
  /** It is being found out. */
  | { state: 'looking' }
  | { state: 'out' }
  | { state: 'in'; person: Person }
  /** The sign-in has ended while somebody worked: the page stays as it is until they sign in again. */
  | { state: 'ended'; person: Person };

interface Store {
  session: Session;
}

export const useSession = create<Store>(() => ({ session: { state: 'looking' } }));

/** Whether an administrator works at this page. */
export const useAdministers = () =>
  useSession(({ session }) => 'person' in session && session.person.role === 'administrator');

const set = (session: Session) => useSession.setState({ session });

function ended(): void {
  const { session } = useSession.getState();
  if (session.state === 'in') set({ state: 'ended', person: session.person });
}

onSessionEnded(ended);
useLive.subscribe((live, before) => {
  if (live.link.state === 'ended' && before.link.state !== 'ended') ended();
});

/** Finds out who has signed in, and begins to show what they may see. */
export async function findSession(): Promise<void> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 10_000)) {
    try {
      const person = await need(api.GET('/api/session'));
      set({ state: 'in', person });
      startLive();
      return;
    } catch (thrown) {
      if (isFailure(thrown, 'not_signed_in')) {
        set({ state: 'out' });
        return;
      }
      // The server starts, or the network is gone: nobody is asked for a password because of that.
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  }
}

/**
 * Signs in. Whoever signs in again after the session ended goes on where they were; somebody else begins anew.
 *
 * @throws {Failure} when the server refuses
 */
export async function signIn(name: string, password: string): Promise<void> {
  const { session } = useSession.getState();
  const person = await need(api.POST('/api/session', { body: { name, password } }));
  if (session.state === 'ended' && session.person.name !== person.name) {
    forgetDrafts();
    window.location.assign('/');
    return;
  }
  set({ state: 'in', person });
  startLive();
}

/** Signs out here; what was shown is forgotten. */
export async function signOut(): Promise<void> {
  try {
    await need(api.DELETE('/api/session'));
  } catch (thrown) {
    if (!isFailure(thrown, 'not_signed_in')) throw thrown;
  }
  stopLive();
  forgetDrafts();
  set({ state: 'out' });
}

/** Who works here; nobody before it is known. */
export function usePerson(): Person | null {
  return useSession(({ session }) =>
    session.state === 'in' || session.state === 'ended' ? session.person : null,
  );
}
