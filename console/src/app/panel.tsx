import { given } from '@/api';
import { Suspense, lazy, useEffect } from 'react';
import { CallPanel } from '@/features/call';
import { OpenItems, type Phase, beginDrafts, isAhead, useDrafts, write } from '@/features/after-call';
import { useOpensPage, usePop } from '@/features/customer/pop';
import { type Agent, useLive, useMyAgent } from '@/live';

// Both are there before the first call: see `ahead.ts`.
const AfterCall = lazy(async () => ({ default: (await import('@/features/after-call/note')).AfterCall }));
const Finish = lazy(async () => ({ default: (await import('@/features/after-call/note')).Finish }));

/** Which note stands in the panel, and in which part of the work; nothing where there is none to write. */
function useNote(agent: Agent | null): { call: string; phase: Phase } | null {
  const writing = useDrafts(state => state.writing);
  const talking = agent?.state === 'talking' || agent?.state === 'held' ? (agent.call ?? null) : null;
  // Of a conversation with nobody outside nothing is noted.
  const noted = useLive(live => {
    const call = talking === null ? undefined : live.calls.get(talking);
    return call !== undefined && (given(call.number) || given(call.dialled) || given(call.queue));
  });
  if (talking !== null) return noted ? { call: talking, phase: 'talking' } : null;
  if (agent?.state === 'wrap_up' && given(agent.wrap_up_of))
    return { call: agent.wrap_up_of, phase: 'wrap_up' };
  return writing === null ? null : { call: writing, phase: 'later' };
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
  const { data: pop } = usePop(inHand ?? note?.call ?? null);
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
              name={pop?.contact?.name ?? null}
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
      name={pop?.contact?.name ?? null}
    />
  );
}
