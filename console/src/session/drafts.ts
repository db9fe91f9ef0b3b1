import { useCallback, useState } from 'react';

const PREFIX = 'nohold.draft.';

function kept(name: string): string {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? '';
  } catch {
    return '';
  }
}

function keep(name: string, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(PREFIX + name);
    else sessionStorage.setItem(PREFIX + name, text);
  } catch {
    // It holds as long as the field is on the page.
  }
}

/**
 * A text that somebody types, kept through reloads and ended sessions of this tab until it is sent.
 *
 * The third part forgets it, once it was sent.
 */
export function useDraft(name: string): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(() => kept(name));
  const change = useCallback(
    (next: string) => {
      setText(next);
      keep(name, next);
    },
    [name],
  );
  const forget = useCallback(() => keep(name, ''), [name]);
  return [text, change, forget];
}

/** Whether somebody has typed something that was not sent. */
export function hasDrafts(): boolean {
  try {
    return Object.keys(sessionStorage).some(key => key.startsWith(PREFIX));
  } catch {
    return false;
  }
}

/** Forgets all of them: another person sits down here. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    // There is nothing to forget.
  }
}
