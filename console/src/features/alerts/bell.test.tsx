import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { useLive } from '@/live';
import { aReminder } from '@/live/fixture';
import { Themed } from '@/ui';
import { Bell } from './bell';

afterEach(cleanup);

it('is named by what is seen on it, however many alerts there are', () => {
  const reminders = Array.from({ length: 149 }, (_, n) => aReminder(`r${n}`, `cbr_${n}`));
  useLive.setState({ reminders: new Map(reminders.map(reminder => [reminder.id, reminder])) });
  render(
    <Themed>
      <Bell onOpen={() => {}} />
    </Themed>,
  );
  const bell = screen.getByRole('button', { name: 'Alerts: 99+' });
  expect(bell.textContent).toBe('99+');
});
