import createClient from 'openapi-fetch';
import { Failure, failureOf } from './failure';
import type { paths } from './schema';

/** What the page asks its own server, typed by the server's description of itself. */
export const api = createClient<paths>({
  baseUrl: typeof window === 'undefined' ? 'http://localhost' : window.location.origin,
  credentials: 'same-origin',
});

type Ended = () => void;
let ended: Ended = () => {};

/** Whoever keeps the sign-in hears here that it has ended. */
export function onSessionEnded(hear: Ended): void {
  ended = hear;
}

/** What `openapi-fetch` gives back. */
interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * The data of an answer.
 *
 * @throws {Failure} when the server refuses or cannot be reached
 */
export async function need<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw Failure.unreachable();
  }
  if (!answer.response.ok) {
    const failure = failureOf(answer.response, answer.error);
    if (failure.code === 'not_signed_in') ended();
    throw failure;
  }
  return answer.data as T;
}

/** The header under which a wish is carried out once, however often it is sent. */
export function once(): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': newKey() };
}

/** A key that nobody else has drawn. `crypto.randomUUID` is missing on pages without HTTPS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
