import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { useLive } from '@/live';
import { aNote } from '@/live/fixture';
import { Themed } from '@/ui';
import { OpenItems } from './open-items';

afterEach(cleanup);

it('says once how many notes are open', () => {
  const notes = ['call_1', 'call_2'].map(call => aNote(call, { ended: 5, open: true }));
  useLive.setState({ notes: new Map(notes.map(note => [note.call, note])) });
  render(
    <Themed>
      <OpenItems />
    </Themed>,
  );
  expect(document.querySelector('[data-open-notes] h3')?.textContent).toBe('2 open notes');
});
