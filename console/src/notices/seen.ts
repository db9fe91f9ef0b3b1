const KEPT = 'nohold.seen';

/** So many are remembered; older ones have long been worked on. */
const MOST = 500;

function read(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]');
    return Array.isArray(found) ? found.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** What this tab has shown, also where nothing can be kept. */
const here = new Set<string>();

/** What was shown before this page was loaded, by whichever tab. */
const before = new Set(read());

/** Whether this tab should show it: once, and not again after a reload. */
export function isNewHere(id: string): boolean {
  if (here.has(id) || before.has(id)) return false;
  here.add(id);
  return true;
}

/** Whether this is the first tab that wants to make a noise about it. */
export function isFirstToTell(id: string): boolean {
  const all = read();
  if (all.includes(id)) return false;
  try {
    localStorage.setItem(KEPT, JSON.stringify([...all, id].slice(-MOST)));
  } catch {
    // Each tab tells, then.
  }
  return true;
}
