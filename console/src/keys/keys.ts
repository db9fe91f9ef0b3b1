/** What can be done by a key, in the order in which it is listed. */
export const KEYS = {
  palette: { group: 'everywhere', keys: 'Ctrl+K' },
  help: { group: 'everywhere', keys: '?' },
  callFirst: { group: 'everywhere', keys: 'Alt+A' },
  list: { group: 'everywhere', keys: 'Alt+L' },
  available: { group: 'everywhere', keys: 'Alt+1' },
  notReady: { group: 'everywhere', keys: 'Alt+2' },
  break: { group: 'everywhere', keys: 'Alt+3' },
  hangUp: { group: 'call', keys: 'Alt+X' },
  mute: { group: 'call', keys: 'Alt+M' },
  hold: { group: 'call', keys: 'Alt+H' },
  transfer: { group: 'call', keys: 'Alt+T' },
  keypad: { group: 'call', keys: 'Alt+K' },
  disposition: { group: 'call', keys: 'Alt+D' },
  finish: { group: 'call', keys: 'Alt+Enter' },
  rowDown: { group: 'list', keys: 'ArrowDown' },
  rowUp: { group: 'list', keys: 'ArrowUp' },
  open: { group: 'list', keys: 'Enter' },
  callBack: { group: 'list', keys: 'C' },
  claim: { group: 'list', keys: 'K' },
  postpone: { group: 'list', keys: 'P' },
  play: { group: 'list', keys: 'Space' },
  search: { group: 'list', keys: '/' },
} as const;

export type KeyName = keyof typeof KEYS;
export type KeyGroup = (typeof KEYS)[KeyName]['group'];

/** The part of a keyboard event that is read here. */
export type Pressed = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>;

const ALONE = new Set([
  'Alt',
  'Control',
  'Meta',
  'Shift',
  'AltGraph',
  'CapsLock',
  'Dead',
  'Process',
  'Unidentified',
]);

/**
 * What was pressed, as it is written: `Ctrl+K`, `Alt+1`, `?`, `ArrowUp`; nothing for a modifier alone. The command key of a
 * Mac counts as Ctrl. With Alt the key itself counts and not what it would type, which differs by system and layout.
 */
export function written(event: Pressed): string | null {
  if (ALONE.has(event.key)) return null;
  const physical = /^(?:Key([A-Z])|Digit(\d))$/.exec(event.code);
  let key = event.altKey && physical ? (physical[1] ?? physical[2] ?? '') : event.key;
  if (key === ' ') key = 'Space';
  if (/^[a-z]$/.test(key)) key = key.toUpperCase();
  const typed = key.length === 1 && !/[A-Z0-9]/.test(key);
  const parts = [
    (event.ctrlKey || event.metaKey) && 'Ctrl',
    event.altKey && 'Alt',
    // What needs Shift to be typed at all, such as `?`, is written without it.
    event.shiftKey && !typed && 'Shift',
    key,
  ];
  return parts.filter(Boolean).join('+');
}

/** Whether a key works while somebody types: those with Alt or Ctrl do. */
export function worksWhileTyping(keys: string): boolean {
  return keys.startsWith('Ctrl+') || keys.startsWith('Alt+');
}

/** How a key is shown: `Ctrl K`, `↑`. */
export function shownKeys(keys: string): string[] {
  const arrows: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };
  const parts = keys === '+' ? ['+'] : keys.split('+');
  return parts.map(part => arrows[part] ?? part);
}

/** The keys that hold: ours, but for those that somebody has changed. */
export function holding(changed: Partial<Record<KeyName, string>>): Record<KeyName, string> {
  const all = Object.entries(KEYS).map(([name, { keys }]) => [name, changed[name as KeyName] ?? keys]);
  return Object.fromEntries(all) as Record<KeyName, string>;
}
