export { api, need, newKey, onSessionEnded, once } from './client';
export { Failure, isFailure } from './failure';
export { given } from './given';
export type { FailureBody } from './failure';
export type { components, paths } from './schema';
