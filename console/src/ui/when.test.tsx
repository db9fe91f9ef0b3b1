import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useEffect, useState } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { spoken } from '@/i18n';
import { Themed } from './theme';
import { DayField, TimeField } from './when';

afterEach(() => {
  cleanup();
  spoken.turnTo('en');
});

const [saidDay, saidTime] = [vi.fn(), vi.fn()];

function Fields() {
  const [day, setDay] = useState('2026-11-27');
  const [time, setTime] = useState('09:05');
  useEffect(() => saidDay(day), [day]);
  useEffect(() => saidTime(time), [time]);
  return (
    <Themed>
      <DayField label="Day" value={day} onChange={setDay} clearable />
      <TimeField label="Time" value={time} onChange={setTime} />
    </Themed>
  );
}

const names = () =>
  screen.getAllByRole('button').map(one => one.getAttribute('aria-label') ?? one.textContent);

it('speaks the language of the page, whatever the browser speaks', () => {
  render(<Fields />);
  expect(screen.getByLabelText('Day').textContent).toBe('27 Nov 2026');
  fireEvent.click(screen.getByLabelText('Day'));
  expect(names()).toEqual(
    expect.arrayContaining(['Clear the day', 'Previous month', 'Next month', '29 Nov 2026']),
  );
  expect(document.body.textContent).toMatch(/November 2026/);
  act(() => spoken.turnTo('zh'));
  expect(screen.getAllByLabelText('Day')[0]?.textContent).toBe('2026年11月27日');
  expect(names()).toEqual(expect.arrayContaining(['清除日期', '上个月', '下个月', '2026年11月29日']));
  expect(document.body.textContent).toMatch(/2026年11月.*一.*二.*三/);
  // `Day` and `Time` are words of this test.
  expect(document.body.textContent?.replace(/Day|Time/g, '')).not.toMatch(/[A-Za-z]{3}/);
});

it('gives a day and a time as addresses and the server have them', () => {
  render(<Fields />);
  fireEvent.click(screen.getByLabelText('Day'));
  fireEvent.click(screen.getByRole('button', { name: '29 Nov 2026' }));
  expect(saidDay).toHaveBeenLastCalledWith('2026-11-29');
  fireEvent.click(screen.getByRole('button', { name: 'Clear the day' }));
  expect(saidDay).toHaveBeenLastCalledWith('');
  const [hours, minutes] = [screen.getByLabelText('Time, hours'), screen.getByLabelText('Time, minutes')];
  fireEvent.change(hours, { target: { value: '14' } });
  fireEvent.change(minutes, { target: { value: '30' } });
  expect(saidTime).toHaveBeenLastCalledWith('14:30');
});
