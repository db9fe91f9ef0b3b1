import { MantineProvider } from '@mantine/core';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import '@/i18n';
import { Dialog } from './dialog';
import { useFocusOnPage, watchFocus } from './focus';

function Page({ path = '/list', rows = ['cbr_1'] }: { path?: string; rows?: string[] }) {
  const [open, setOpen] = useState(false);
  const [there, setThere] = useState(true);
  useFocusOnPage(path);
  return (
    <main id="work">
      <h1 key={path}>{path}</h1>
      {rows.map(row => (
        <div key={row} data-row={row} tabIndex={-1}>
          {there && <button onClick={() => setOpen(true)}>Postpone {row}</button>}
        </div>
      ))}
      {open && (
        <Dialog onClose={() => setOpen(false)} title="Postpone" transitionProps={{ duration: 0 }}>
          <button onClick={() => setThere(false)}>Do it</button>
        </Dialog>
      )}
    </main>
  );
}

const shown = (page: React.ReactNode) => <MantineProvider>{page}</MantineProvider>;

let root: HTMLElement;

afterEach(cleanup);

beforeEach(() => {
  root = document.createElement('div');
  document.body.replaceChildren(root);
  watchFocus(root);
});

async function opens(): Promise<HTMLElement> {
  const opener = screen.getByRole('button', { name: 'Postpone cbr_1' });
  act(() => opener.focus());
  fireEvent.click(opener);
  const inside = await screen.findByRole('button', { name: 'Do it' });
  act(() => inside.focus());
  return inside;
}

const closes = () => fireEvent.keyDown(screen.getByRole('dialog'), { key: 'Escape' });

it('gives the focus back to what opened the dialog', async () => {
  render(shown(<Page />), { container: root });
  await opens();
  closes();
  await waitFor(() => expect(document.activeElement?.textContent).toBe('Postpone cbr_1'));
});

it('gives it to the row where the button is gone, and to the heading where the row is', async () => {
  const { rerender } = render(shown(<Page />), { container: root });
  fireEvent.click(await opens());
  closes();
  await waitFor(() => expect(document.activeElement?.getAttribute('data-row')).toBe('cbr_1'));
  rerender(shown(<Page rows={[]} path="/list/cbr_1" />));
  await waitFor(() => expect(document.activeElement?.tagName).toBe('H1'));
});

it('leads to the row that somebody comes back from, and takes the focus from nobody', async () => {
  const { rerender } = render(shown(<Page path="/list/cbr_2" rows={[]} />), { container: root });
  rerender(shown(<Page path="/list" rows={['cbr_1', 'cbr_2']} />));
  await waitFor(() => expect(document.activeElement?.getAttribute('data-row')).toBe('cbr_2'));
  rerender(shown(<Page path="/settings" rows={['cbr_1', 'cbr_2']} />));
  await new Promise(resolve => setTimeout(resolve, 200));
  expect(document.activeElement?.getAttribute('data-row')).toBe('cbr_2');
});
