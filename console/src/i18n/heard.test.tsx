import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Heard, heard, isHidden } from './heard';
import { spoken } from './index';

it('reads a hidden number out by its last digits, one by one, wherever it stands', () => {
  const t = spoken.in('en');
  expect(heard(t, 'Call back 138****8000')).toBe('Call back number ending in 8 0 0 0');
  expect(heard(t, '138****8001, 5***4567')).toBe('number ending in 8 0 0 1, number ending in 4 5 6 7');
  expect(heard(spoken.in('zh'), '回呼 ***23')).toBe('回呼 尾号 2 3 的号码');
  expect(heard(t, 'Call back +86 138 0013 8000')).toBe('Call back +86 138 0013 8000');
});

it('knows what cannot be dialled from codes of telephones', () => {
  expect(['138****8000', '5***4567', '***23'].every(isHidden)).toBe(true);
  expect(['+8613800138000', '2011', '*43', '**21#'].some(isHidden)).toBe(false);
});

it('shows a hidden number as it is, and hides the stars from who listens', () => {
  render(
    <p>
      <Heard text="Callback request: 138****8000 waits" />
    </p>,
  );
  const seen = screen.getByText('138****8000');
  expect(seen.getAttribute('aria-hidden')).toBe('true');
  expect(seen.nextElementSibling?.textContent).toBe('number ending in 8 0 0 0');
  expect(seen.nextElementSibling?.className).toBe('only-heard');
  expect(seen.parentElement?.textContent).toMatch(/^Callback request: .* waits$/);
});

it('leaves other texts alone', () => {
  const { container } = render(<Heard text="+86 138 0013 8000" />);
  expect(container.innerHTML).toBe('+86 138 0013 8000');
});
