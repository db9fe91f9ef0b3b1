import { act, cleanup, render, screen } from '@testing-library/react';
import { MantineProvider } from '@mantine/core';
import { afterEach, expect, it } from 'vitest';
import { Failure, type FailureBody } from '@/api';
import { refusal } from '@/entries/actions';
import { spoken } from '@/i18n';
import { aRequest } from '@/live/fixture';
import { say, useNotices } from '@/notices';
import { Dock } from './dock';

afterEach(() => {
  cleanup();
  spoken.turnTo('en');
  useNotices.setState({ notices: [] });
});

const text = () => document.querySelector('[data-dock]')?.textContent;

it('turns what it says, and what it offers, with the language of the page', () => {
  render(
    <MantineProvider>
      <Dock />
    </MantineProvider>,
  );
  const refused = new Failure(409, {
    code: 'number_in_use',
    message: 'in the words of the server',
  } as FailureBody);
  act(() => {
    say({
      id: 'one',
      kind: 'request',
      title: t => t('alert.many', { count: 3 }),
      words: t => t('alert.moreOnTheBell'),
      act: { label: t => t('alert.show'), do: () => {} },
    });
    say({ id: 'two', kind: 'refused', title: refusal(aRequest('cbr_1'), refused) });
  });
  const [english, said] = [text(), spoken.t('refusal.number_in_use')];
  expect(english).toContain(said);
  act(() => spoken.turnTo('zh'));
  expect(text()).not.toMatch(/[A-Za-z]/);
  expect(text()).toContain(spoken.in('zh')('refusal.number_in_use'));
  expect(screen.getByText(spoken.in('zh')('alert.moreOnTheBell'))).toBeTruthy();
  act(() => spoken.turnTo('en'));
  expect(text()).toBe(english);
});
