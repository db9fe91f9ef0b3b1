import { useEffect } from 'react';

/** Where the focus was last on the page itself: not in a dialog or a menu, which stand beside it in the document. */
let last: { at: HTMLElement; row: string | null } | null = null;

/** Remembers where on the page the focus is. */
export function watchFocus(page: HTMLElement): void {
  page.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    last = { at: target, row: target.closest<HTMLElement>('[data-row]')?.dataset.row ?? null };
  });
}

/** Whether the focus is nowhere: what had it is gone. */
export function isFocusLost(): boolean {
  const at = document.activeElement;
  return at === null || at === document.body || !at.isConnected;
}

function takes(element: HTMLElement | null): boolean {
  if (element === null || !element.isConnected) return false;
  element.focus({ preventScroll: true });
  return document.activeElement === element;
}

const rowOf = (entry: string | null) =>
  entry === null ? null : document.querySelector<HTMLElement>(`[data-row=${JSON.stringify(entry)}]`);

/** The heading of the page, which takes the focus where nothing else of it should. */
function heading(): HTMLElement | null {
  const found = document.querySelector<HTMLElement>('#work h1') ?? document.getElementById('work');
  if (found !== null) found.tabIndex = -1;
  return found;
}

/** Gives the focus back to where it was before a dialog, else to the row that it was about, else to the page. */
export function giveFocusBack(): void {
  if (!isFocusLost()) return;
  if (takes(last?.at ?? null) || takes(rowOf(last?.row ?? null))) return;
  takes(heading());
}

/** For a dialog that is on the page only while it is open: when it is gone, the focus is where it was before. */
export function useFocusBack(): void {
  // Once the dialog is out of the document, and whatever comes after it has had its turn.
  useEffect(() => () => void setTimeout(giveFocusBack), []);
}

/** Pages come when their parts and what they show have come: so long it is looked for their headings, in milliseconds. */
const COMES_WITHIN = 4_000;
const LOOKS_EVERY = 50;

/**
 * After a change of the page: where the focus was on something that is gone, it goes to the row that somebody comes back
 * from, on the list to the row that the keys are about, elsewhere to the heading. What has the focus keeps it.
 */
export function useFocusOnPage(path: string): void {
  useEffect(() => {
    const came = path;
    const from = before;
    before = path;
    if (from === null || from === came) return;
    const known = last;
    let looks = COMES_WITHIN / LOOKS_EVERY;
    const timer = setInterval(() => {
      if (--looks <= 0) end();
      if (!isFocusLost()) return;
      // A dialog that was opened since then is gone.
      if (last !== known && takes(last?.at ?? null)) return;
      const onList = came === '/list';
      const left = onList ? rowOf(/^\/list\/(.+)$/.exec(from)?.[1] ?? null) : null;
      const active = onList ? document.querySelector<HTMLElement>('[data-row][tabindex="0"]') : null;
      void (takes(left) || takes(active) || takes(heading()));
    }, LOOKS_EVERY);
    // Whoever points goes on from there.
    const end = () => {
      clearInterval(timer);
      window.removeEventListener('pointerdown', end);
    };
    window.addEventListener('pointerdown', end);
    return end;
  }, [path]);
}

/** The page from before. */
let before: string | null = null;
