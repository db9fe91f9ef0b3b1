import { useEffect } from 'react';
import { create } from 'zustand';

/** Calls that were asked for at this page: its phone answers them by itself, since whoever pressed the button is there. */
const useAsked = create<{ calls: ReadonlySet<string> }>(() => ({ calls: new Set() }));

/** This page has asked for the call. It may ring already: the live line is sometimes quicker than the answer to who asked. */
export function askedHere(call: string): void {
  useAsked.setState(({ calls }) => ({ calls: new Set([...calls, call]) }));
}

/** Answers what rings here and was asked for here, once. */
export function useAnswerAsked(call: string | null, leg: string | null, answer: (leg: string) => void): void {
  const asked = useAsked(({ calls }) => call !== null && calls.has(call));
  useEffect(() => {
    if (call === null || leg === null || !asked) return;
    useAsked.setState(({ calls }) => ({ calls: new Set([...calls].filter(one => one !== call)) }));
    answer(leg);
  }, [call, leg, asked, answer]);
}
