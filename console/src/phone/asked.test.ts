import { act, renderHook } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { askedHere, useAnswerAsked } from './asked';

it('answers what was asked for here, whichever comes first: the ringing or the word that it was asked for', () => {
  const answer = vi.fn();
  const { rerender } = renderHook(({ call, leg }) => useAnswerAsked(call, leg, answer), {
    initialProps: { call: null as string | null, leg: null as string | null },
  });
  act(() => askedHere('call_1'));
  rerender({ call: 'call_1', leg: 'leg_1' });
  expect(answer.mock.calls).toEqual([['leg_1']]);

  rerender({ call: 'call_2', leg: 'leg_2' });
  expect(answer).toHaveBeenCalledOnce();
  act(() => askedHere('call_2'));
  expect(answer.mock.calls).toEqual([['leg_1'], ['leg_2']]);
});

it('answers nothing that others ask, and nothing twice', () => {
  const answer = vi.fn();
  const { rerender } = renderHook(({ leg }) => useAnswerAsked('call_3', leg, answer), {
    initialProps: { leg: 'leg_3' as string | null },
  });
  act(() => askedHere('call_4'));
  expect(answer).not.toHaveBeenCalled();
  act(() => askedHere('call_3'));
  rerender({ leg: null });
  rerender({ leg: 'leg_3' });
  expect(answer).toHaveBeenCalledOnce();
});
