import type { components } from './schema';

/** The body of every refusal, as the server writes it. */
export type FailureBody = components['schemas']['FailureBody'];

/** What a proxy answers while the server behind it is not there (RFC 9110 §15.6). */
const AWAY: readonly number[] = [502, 503, 504];

/** Why a wish was not carried out. */
export class Failure extends Error {
  /** The HTTP status; 0 where the server could not be reached. */
  readonly status: number;
  /**
   * A stable word for programs, such as `held`; `unreachable` where the server could not be reached, `away` where a proxy before
   * it says so.
   */
  readonly code: string;
  /** What the server says besides. */
  readonly body: FailureBody | null;
  /** After so many seconds it may be tried again. */
  readonly retryAfter: number | null;

  constructor(status: number, body: FailureBody | null, retryAfter: number | null = null) {
    super(body?.message ?? `HTTP ${status}`);
    this.name = 'Failure';
    this.status = status;
    this.code = body?.code ?? (status === 0 ? 'unreachable' : AWAY.includes(status) ? 'away' : 'unknown');
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** Nobody has answered: the network is gone, or the server is starting. */
  static unreachable(): Failure {
    return new Failure(0, null);
  }
}

/** Whether a thing that was thrown is a refusal, with this code where one is given. */
export function isFailure(thrown: unknown, code?: string): thrown is Failure {
  return thrown instanceof Failure && (code === undefined || thrown.code === code);
}

/** Makes a refusal of an answer that is not good. */
export function failureOf(response: Response, body: unknown): Failure {
  const known =
    typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string'
      ? (body as FailureBody)
      : null;
  const seconds = Number(response.headers.get('retry-after'));
  return new Failure(response.status, known, Number.isFinite(seconds) && seconds > 0 ? seconds : null);
}
