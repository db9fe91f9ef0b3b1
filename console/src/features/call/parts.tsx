import { type ReactNode, useEffect, useState } from 'react';
import type { TFunction } from '@/i18n';
import { phoneNumber, timer } from '@/i18n';
import { type Call, agentName, phoneOf, useSecond } from '@/live';
import styles from './call.module.css';
import { given } from './given';

/** Whom a call is with, by name or number. */
export function withWhom(t: TFunction, call: Call | null, me: string | null): string {
  // For a moment, until the server tells of it.
  if (call === null) return t('call.lineOpen');
  const number = call.dialled ?? call.number;
  if (given(number)) return phoneNumber(number);
  const other = call.agents.find(one => one !== me);
  if (other !== undefined) return agentName(other);
  return given(call.extension) ? (phoneOf(call.extension).name ?? call.extension) : t('call.unknown');
}

/** A figure of the panel: what it is over how long. */
export function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Runs from a moment on, and no further than to its end. */
export function Running({ since, until }: { since: number | null | undefined; until?: number | null }) {
  const now = useSecond();
  return <>{!given(since) ? '–' : timer((given(until) ? Math.min(until, now) : now) - since)}</>;
}

/** After each change of the block its buttons do nothing for a moment, so that a double click never hangs up. */
const REST = 600;

/** Whether buttons rest because what they are for has just changed. */
export function useRest(of: string): boolean {
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(of), REST);
    return () => clearTimeout(timer);
  }, [of]);
  return rested !== of;
}

interface KeyProps {
  words: string;
  icon: ReactNode;
  on?: boolean;
  disabled?: boolean;
  title?: string;
  onClick: () => void;
}

/** A key of the block. One that is on turns, and its word says what it would do. */
export function CallKey({ words, icon, on = false, disabled = false, title, onClick }: KeyProps) {
  return (
    <button
      type="button"
      className={styles.key}
      data-on={on || undefined}
      disabled={disabled}
      title={title}
      onClick={onClick}
    >
      {icon}
      <span>{words}</span>
    </button>
  );
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;
const LETTERS: Record<string, string> = {
  '2': 'ABC',
  '3': 'DEF',
  '4': 'GHI',
  '5': 'JKL',
  '6': 'MNO',
  '7': 'PQRS',
  '8': 'TUV',
  '9': 'WXYZ',
  '0': '+',
};

/** The keys of a telephone. */
export function Keypad({ onPress }: { onPress: (key: string) => void }) {
  return (
    <div className={styles.keypad}>
      {KEYS.map(key => (
        <button key={key} type="button" className={styles.digit} onClick={() => onPress(key)}>
          <span>{key} </span>
          <small>{LETTERS[key] ?? ' '}</small>
        </button>
      ))}
    </div>
  );
}
