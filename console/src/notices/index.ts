export { numberWords, refusedWords } from './refused';
export { isFirstToTell, isNewHere } from './seen';
export {
  canChooseOutput,
  desktopState,
  notifyDesktop,
  playSound,
  useWishes,
  wakeSound,
  wishFor,
  type Wishes,
} from './sound';
export {
  REQUEST_LASTS,
  UNDO_LASTS,
  say,
  shownOf,
  unsay,
  useNotices,
  type Notice,
  type Saying,
} from './store';
