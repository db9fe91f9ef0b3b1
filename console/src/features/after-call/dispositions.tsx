import { useQuery } from '@tanstack/react-query';
import { IconCheck, IconSearch, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { type components, api, given, need } from '@/api';
import { type TFunction, useTranslation } from '@/i18n';
import { holding, shownKeys, useKey, useKeys } from '@/keys';
import { IconButton, KeyCap } from '@/ui';
import styles from './after-call.module.css';

type Disposition = components['schemas']['DispositionShown'];

/** What the outcome of a call may be called. */
export function useDispositions(call: string) {
  return useQuery({
    queryKey: ['note-dispositions', call],
    queryFn: () => need(api.GET('/api/calls/{id}/dispositions', { params: { path: { id: call } } })),
    staleTime: 60_000,
    retry: 3,
  });
}

/** Those whose name has the words that were typed, or whose key begins with them. */
export function fitting(all: readonly Disposition[], query: string): readonly Disposition[] {
  const words = query.trim().toLowerCase();
  if (words === '') return all;
  return all.filter(one => one.name.toLowerCase().includes(words) || one.key.toLowerCase().startsWith(words));
}

interface DispositionsProps {
  call: string;
  chosen: string | null;
  required: boolean;
  /** The list stands open; otherwise it opens when somebody comes to the field. */
  open: boolean;
  /** What becomes of the request with the save, where this call has called one back. */
  does: string | null;
  /** A time was agreed upon for the request: it stays, whatever is chosen here. */
  agreed: boolean;
  onChoose: (key: string | null, effect: Effect | null) => void;
}

/** What a disposition does to the request, where the configuration says so. */
export type Effect = 'closes' | 'keeps_open' | 'retries';

const EFFECTS = {
  closes: 'becomesDone',
  keeps_open: 'becomesKeep',
  retries: 'becomesNotReached',
} as const satisfies Record<Effect, string>;

/** What a disposition does, in words: its own effect, where it has that still, else what was chosen for the request. */
function doesWords(t: TFunction, one: Disposition, does: string | null, agreed: boolean): string | null {
  if (does === null || agreed || !given(one.effect)) return does;
  return t(`note.${EFFECTS[one.effect as Effect]}`);
}

/** A list that is searched by typing; `1` to `9` choose while nothing is typed. */
export function Dispositions({ call, chosen, required, open, does, agreed, onChoose }: DispositionsProps) {
  const { t } = useTranslation();
  const id = useId();
  const changed = useKeys(state => state.changed);
  const found = useDispositions(call);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const [focused, setFocused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useKey('disposition', () => field.current?.focus());
  const all = found.data?.items ?? [];
  const shown = fitting(all, query);
  const active = Math.min(at, shown.length - 1);
  const name = all.find(one => one.key === chosen)?.name ?? chosen;
  const listed = open || focused;
  const choose = (key: string | null) => {
    onChoose(key, (all.find(one => one.key === key)?.effect as Effect | undefined) ?? null);
    setQuery('');
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const digit = query === '' && /^[1-9]$/.test(event.key) ? shown[Number(event.key) - 1] : undefined;
    if (digit !== undefined) choose(digit.key);
    else if (event.key === 'ArrowDown') setAt(Math.min(active + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0));
    else if (event.key === 'Enter') {
      const one = shown[active];
      if (one !== undefined) choose(one.key);
    } else if (event.key === 'Escape' && query !== '') setQuery('');
    else return;
    event.preventDefault();
  };
  if (found.isSuccess && all.length === 0) return null;
  return (
    <div className={styles.part}>
      <div className={styles.line}>
        <label htmlFor={`${id}field`}>
          {t('note.disposition')}
          {required && <span className={styles.dim}> {t('note.required')}</span>}
        </label>
        <KeyCap>{shownKeys(holding(changed).disposition).join(' ')}</KeyCap>
      </div>
      {chosen !== null && (
        <p className={styles.chosen} data-disposition={chosen}>
          <IconCheck size={16} stroke={1.75} aria-hidden />
          <b>{name}</b>
          <IconButton label={t('note.clear')} small side="left" onClick={() => choose(null)}>
            <IconX size={16} stroke={1.75} aria-hidden />
          </IconButton>
        </p>
      )}
      <div className={styles.choices}>
        <div className={styles.searching}>
          <IconSearch size={16} stroke={1.75} aria-hidden />
          <input
            ref={field}
            id={`${id}field`}
            role="combobox"
            aria-expanded={listed}
            aria-controls={`${id}list`}
            aria-activedescendant={
              listed && shown[active] !== undefined ? `${id}${shown[active].key}` : undefined
            }
            aria-autocomplete="list"
            autoComplete="off"
            placeholder={t('note.search')}
            value={query}
            onFocus={() => setFocused(true)}
            onBlur={() => setFocused(false)}
            onChange={event => {
              setQuery(event.target.value);
              setAt(0);
            }}
            onKeyDown={press}
          />
        </div>
        <ul role="listbox" id={`${id}list`} aria-label={t('note.disposition')} hidden={!listed}>
          {shown.map((one, index) => (
            // The field above has the focus and the keys of this list, as a combobox has.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <li
              key={one.key}
              id={`${id}${one.key}`}
              role="option"
              aria-selected={one.key === chosen}
              data-active={(index === active && focused) || undefined}
              // The field keeps the focus; the keys of the list are its keys.
              onPointerDown={event => event.preventDefault()}
              onClick={() => choose(one.key)}
            >
              {one.key === chosen ? (
                <IconCheck size={16} stroke={1.75} aria-hidden />
              ) : (
                <kbd aria-hidden>{query === '' && index < 9 ? index + 1 : ''}</kbd>
              )}
              <span className={styles.option}>
                {one.name}
                {does !== null && <small className={styles.dim}>{doesWords(t, one, does, agreed)}</small>}
              </span>
            </li>
          ))}
        </ul>
        {listed && shown.length === 0 && (
          <p className={styles.dim} role="status">
            {found.isError ? t('note.dispositionsFailed') : found.isPending ? '' : t('note.noDisposition')}
          </p>
        )}
      </div>
    </div>
  );
}
