export { useCaller } from './caller';
export { useSecond, useStep } from './clock';
export {
  campaignName,
  dispositionName,
  groupName,
  queueName,
  serviceName,
  useNames,
  type Desk,
} from './names';
export { isDialling, talksSince } from './dialling';
export { compare } from './order';
export {
  agentName,
  insideNumber,
  phoneOf,
  placeOf,
  useAgentName,
  useMyAgent,
  usePlaceInLine,
  whoseNumber,
} from './people';
export * from './rows';
export { NOTHING, type Shown } from './reducer';
export type { Link } from './socket';
export {
  isBarred,
  onReminders,
  serverNow,
  showAnswer,
  showNote,
  startLive,
  stopLive,
  useLive,
} from './store';
