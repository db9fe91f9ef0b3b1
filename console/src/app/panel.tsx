import { Suspense, lazy, useEffect } from 'react';
import { CallPanel } from '@/features/call';
import { OpenItems, beginDrafts, isAhead, useDrafts, write } from '@/features/after-call';
import { useOpensPage, usePop, useRow } from '@/features/customer/pop';
import { type Agent, useCaller, useLive, useMyAgent } from '@/live';
import { type NoteInHand, noteInHand } from './note-in-hand';

// Both are there before the first call: see `ahead.ts`.
const AfterCall = lazy(async () => ({ default: (await import('@/features/after-call/note')).AfterCall }));
const Finish = lazy(async () => ({ default: (await import('@/features/after-call/note')).Finish }));

/** Which note stands in the panel. */
function useNote(agent: Agent | null): NoteInHand | null {
  const writing = useDrafts(state => state.writing);
  const phone = useLive(live => live.phone);
  const calls = useLive(live => live.calls);
  return noteInHand(agent, phone, calls, writing);
}

/** What is being written of a call that is over closes itself once it is done elsewhere. */
function useClosesWhenDone(): void {
  const writing = useDrafts(state => state.writing);
  const draft = useDrafts(state => (state.writing === null ? undefined : state.drafts.get(state.writing)));
  const known = useLive(live => writing !== null && live.notes.has(writing));
  const inHand = useMyAgent()?.call === writing;
  useEffect(() => {
    if (writing !== null && !known && !isAhead(draft) && !inHand) write(null);
  }, [writing, known, draft, inHand]);
}

/** The agent's phone with everything that belongs beside a call. */
export function Panel() {
  const agent = useMyAgent();
  const note = useNote(agent);
  const leg = useLive(live => live.phone?.calls[0]?.call ?? null);
  const inHand = agent?.call ?? leg;
  const known = inHand ?? note?.call ?? null;
  const { data: pop } = usePop(known);
  const name = pop?.contact?.name ?? null;
  const connected = useRow(note?.call ?? null)?.connected ?? null;
  useEffect(() => useCaller.setState({ call: known, name }), [known, name]);
  useOpensPage(inHand, pop);
  useEffect(() => beginDrafts(), []);
  useClosesWhenDone();
  return (
    <CallPanel
      after={
        note === null ? null : (
          <Suspense fallback={null}>
            <AfterCall
              key={note.call}
              call={note.call}
              phase={note.phase}
              name={note.call === known ? name : null}
              connected={connected}
            />
          </Suspense>
        )
      }
      finish={
        note === null || note.phase === 'talking' ? null : (
          <Suspense fallback={null}>
            <Finish key={note.call} call={note.call} phase={note.phase} />
          </Suspense>
        )
      }
      writing={note?.phase === 'later'}
      items={<OpenItems />}
      name={name}
    />
  );
}
