import { given } from '@/api';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useLive, useMyAgent } from '@/live';

/** Whether somebody types on the page, or a dialog waits for an answer: then no other page comes in between. */
function isBusy(): boolean {
  const at = document.activeElement;
  const types = at instanceof HTMLElement && at.matches('input, textarea, select, [contenteditable=true]');
  return (
    (types && at.closest('#work') !== null) ||
    document.querySelector('[role=dialog][aria-modal=true]') !== null
  );
}

/** The call in hand with somebody outside: while it rings, in the call and in the wrap-up. */
export function useCustomerInHand(): string | null {
  const agent = useMyAgent();
  const leg = useLive(live => live.phone?.calls[0]?.call ?? null);
  const call = agent?.call ?? leg;
  const outside = useLive(live => {
    const row = call === null ? undefined : live.calls.get(call);
    return row !== undefined && (given(row.number) || given(row.dialled));
  });
  if (call !== null) return outside ? call : null;
  return agent?.state === 'wrap_up' ? (agent.wrap_up_of ?? null) : null;
}

/** Shows the customer as the phone rings, and the page from before once the call and its note are over. */
export function useScreenPop(): string | null {
  const navigate = useNavigate();
  const call = useCustomerInHand();
  const agent = useMyAgent();
  const path = useRouterState({ select: state => state.location.href });
  const at = useRef(path);
  const before = useRef<string | null>(null);
  const last = useRef<string | null>(null);
  const state = useRef(agent?.state);
  const written = useRef<string | null>(null);
  const worked = useRef(false);
  useEffect(() => {
    at.current = path;
  }, [path]);
  useEffect(() => {
    state.current = agent?.state;
    if (agent !== null && agent.state !== 'wrap_up') worked.current = true;
  }, [agent]);
  useEffect(() => {
    // Of a call that was over when the page came only the note is to be done: the address that was asked for stays.
    if (!worked.current && state.current === 'wrap_up') written.current = call;
    const over = last.current !== null && call === null;
    last.current = call;
    const onCustomer = at.current.startsWith('/customer/');
    if (call !== null) {
      if (call === written.current || isBusy() || at.current === `/customer/${call}`) return;
      if (!onCustomer) before.current = at.current;
      void navigate({ to: '/customer/$call', params: { call } });
    } else if (over && onCustomer) {
      const back = before.current ?? '/list';
      before.current = null;
      void navigate({ to: back });
    }
  }, [call, navigate]);
  return call;
}
