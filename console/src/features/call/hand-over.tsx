import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { type TFunction, phoneNumber, useTranslation } from '@/i18n';
import type { AgentState, Call } from '@/live';
import { Button } from '@/ui';
import styles from './call.module.css';
import { say } from '@/notices';
import { sentTo } from './by-me';
import { type Target, consult, findTargets, transfer } from './wishes';
import { given } from './given';

interface Props {
  call: Call;
  /** Who the customer is. */
  customer: string;
  /** Somebody is looked for to be a third; nobody is handed over at once. */
  toConference: boolean;
  onDone: () => void;
}

/** How often states and waits are looked at again while the search is open, in milliseconds. */
const AGAIN = 3_000;

/** Looks for whom the conversation could go to. */
export function HandOver({ call, customer, toConference, onDone }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const query = useDeferredValue(typed.trim().slice(0, 64));
  const found = useQuery({
    queryKey: ['transfer-targets', query],
    queryFn: () => findTargets(query),
    placeholderData: before => before,
    refetchInterval: AGAIN,
  });
  const ask = (target: Target) => () => void consult(call, target).then(done => done && onDone());
  const send = (target: Target) => async () => {
    if (!(await transfer(call, target))) return;
    const to = target.name ?? phoneNumber(target.value);
    // From a line or a flow nothing comes back.
    if (target.kind !== 'queue' && target.kind !== 'flow') sentTo(call.id, to);
    say({ id: 'call', kind: 'done', title: t => t('call.moved', { who: customer, to }) });
    onDone();
  };
  const items = inOrder(found.data ?? []).filter(one => !toConference || one.kind !== 'flow');
  return (
    <>
      <label className={styles.field}>
        <span>{t(toConference ? 'call.searchConference' : 'call.search')}</span>
        <input
          ref={focusOnce}
          type="search"
          autoComplete="off"
          value={typed}
          onChange={event => setTyped(event.target.value)}
        />
      </label>
      <ul className={styles.targets}>
        {items.map(target => (
          <li key={`${target.kind} ${target.value}`}>
            <span className={styles.target}>
              <strong>{target.name ?? phoneNumber(target.value)}</strong>
              <small title={about(t, target)}>{inBrief(t, target)}</small>
            </span>
            {target.kind !== 'flow' && (
              <Button size="row" onClick={ask(target)}>
                {t('call.consult')}
              </Button>
            )}
            {!toConference && (
              <Button size="row" onClick={() => void send(target)()}>
                {t('call.handOver')}
              </Button>
            )}
          </li>
        ))}
        {found.isSuccess && items.length === 0 && <li className={styles.dim}>{t('call.nobody')}</li>}
      </ul>
    </>
  );
}

function focusOnce(field: HTMLInputElement | null): void {
  field?.focus();
}

/** Whose phone would ring now, then who is at work, and after everything else who is not. */
function rank({ kind, state, reachable }: Target): number {
  if (kind !== 'agent') return 3;
  if (state === 'not_signed_in') return 4;
  if (state === 'available') return 0;
  return reachable === true ? 1 : 2;
}

/** Targets in the order in which they are of use. */
export function inOrder(targets: readonly Target[]): Target[] {
  return [...targets].sort((one, other) => rank(one) - rank(other));
}

/** What the key of the line begins with that each group has of its own. */
const OF_GROUP = 'group.';

const MINUTE = 60;

/** How long somebody who came now would wait, in whole minutes. */
function waitWords(t: TFunction, { available, waiting, wait }: Target): string | null {
  if (!given(wait)) return null;
  if (wait.to === 0 || ((available ?? 0) > 0 && waiting === 0)) return t('call.waitNow');
  const [from, to] = [Math.floor(wait.from / MINUTE), Math.ceil(wait.to / MINUTE)];
  if (from === 0 && to === 1) return t('call.waitShort');
  return from === to ? t('call.waitOne', { time: to }) : t('call.wait', { from, to });
}

/** By what a target is called or what it is, and the state of an agent. */
function named(t: TFunction, target: Target): string[] {
  const group = target.kind === 'queue' && target.value.startsWith(OF_GROUP);
  const kind = t(`call.kind.${group ? 'group' : (target.kind as 'agent')}`);
  const parts = [target.number ?? kind];
  if (given(target.state)) parts.push(t(`state.${target.state as AgentState}`));
  return parts;
}

const freeWords = (t: TFunction, { available }: Target): string | null =>
  given(available) ? t('call.available', { count: available }) : null;

const inWords = (parts: readonly (string | null)[]) => parts.filter(part => part !== null).join(' · ');

/** What else is known of a target. */
export function about(t: TFunction, target: Target): string {
  return inWords([...named(t, target), freeWords(t, target), waitWords(t, target)]);
}

/** As {@link about}, in one line of the panel: who is free takes somebody at once, and where one waits nobody is free. */
export function inBrief(t: TFunction, target: Target): string {
  const wait = waitWords(t, target);
  const isFree = wait === t('call.waitNow') && (target.available ?? 0) > 0;
  return inWords([...named(t, target), wait === null || isFree ? freeWords(t, target) : wait]);
}
