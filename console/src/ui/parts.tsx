import { type ReactNode } from 'react';
import { IconAlertCircle } from '@tabler/icons-react';
import styles from './parts.module.css';

/** The tint on which something stands; `solid` is for what is overdue, `hollow` for what is later. */
export type Tone = 'hollow' | 'grey' | 'amber' | 'green' | 'red' | 'violet' | 'teal' | 'solid';

/** A state as shape and word. */
export function Chip({ tone, icon, children }: { tone: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={`${styles.chip} ${styles[tone]}`} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}

/** A shape on its tint. */
export function Glyph({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={`${styles.glyph} ${styles[tone]}`} aria-hidden>
      {children}
    </span>
  );
}

/** A count in red; nothing for 0. */
export function Badge({ count }: { count: number }) {
  return count > 0 ? <span className={styles.badge}>{count > 99 ? '99+' : count}</span> : null;
}

/** The beginning of a name: two letters, or one Chinese character. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0] ?? '';
  if (/^[㐀-鿿]/.test(first)) return first.charAt(0);
  if (/^\d+$/.test(name)) return name.slice(-2);
  return (
    (first.charAt(0) ?? '') + (words.at(-1) !== first ? (words.at(-1)?.charAt(0) ?? '') : '')
  ).toUpperCase();
}

export function Avatar({ name, large }: { name: string; large?: boolean }) {
  return (
    <span className={`${styles.avatar} ${large ? styles.large : ''}`} aria-hidden>
      {initials(name)}
    </span>
  );
}

interface EmptyProps {
  title: string;
  words: string;
  /** There is nothing else on the page: this is its heading. */
  page?: boolean;
  children?: ReactNode;
}

/** One sentence, and what will happen. */
export function Empty({ title, words, page = false, children }: EmptyProps) {
  return (
    <div className={styles.empty}>
      {page ? <h1>{title}</h1> : <h2>{title}</h2>}
      <p>{words}</p>
      {children}
    </div>
  );
}

export function KeyCap({ children }: { children: ReactNode }) {
  return <kbd className={styles.keycap}>{children}</kbd>;
}

/** The buttons of a dialog, the one that goes on last. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

export function Stack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}

/** What is wrong and what to do; read out as it comes. */
export function Problem({ children }: { children: ReactNode }) {
  return (
    <p className={styles.error} role="alert">
      <IconAlertCircle size={16} aria-hidden />
      <span>{children}</span>
    </p>
  );
}
