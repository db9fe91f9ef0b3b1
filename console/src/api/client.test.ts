import { describe, expect, it, vi } from 'vitest';
import { need, newKey, onSessionEnded } from './client';
import { isFailure } from './failure';

const answer = (status: number, error?: unknown, headers?: HeadersInit) =>
  Promise.resolve({ error, response: new Response(null, { status, headers }) });

describe('need', () => {
  it('gives the data of a good answer', async () => {
    await expect(need(Promise.resolve({ data: 7, response: new Response() }))).resolves.toBe(7);
  });

  it('says what the server says', async () => {
    const refused = need(
      answer(409, { code: 'held', message: '2001 has claimed this entry' }, { 'retry-after': '3' }),
    );
    await expect(refused).rejects.toMatchObject({ code: 'held', status: 409, retryAfter: 3 });
  });

  it('tells of a sign-in that has ended, and of no other refusal', async () => {
    const heard = vi.fn();
    onSessionEnded(heard);
    await need(answer(401, { code: 'wrong_password', message: 'no' })).catch(() => {});
    expect(heard).not.toHaveBeenCalled();
    await need(answer(401, { code: 'not_signed_in', message: 'sign in' })).catch(() => {});
    expect(heard).toHaveBeenCalledOnce();
  });

  it('tells a network that is gone from a refusal', async () => {
    const thrown = await need(Promise.reject(new TypeError('fetch failed'))).catch((one: unknown) => one);
    expect(isFailure(thrown, 'unreachable')).toBe(true);
  });
});

it('draws another key each time', () => {
  expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
  expect(newKey()).not.toBe(newKey());
});
