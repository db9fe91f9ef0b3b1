export { KEYS, holding, shownKeys, written, type KeyGroup, type KeyName } from './keys';
export { changeKey, listenToKeys, resetKeys, useKey, useKeys } from './store';
