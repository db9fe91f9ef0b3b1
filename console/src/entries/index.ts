export * from './actions';
export {
  type NameOf,
  learnNames,
  mayBeName,
  useCustomerName,
  useNameOfCall,
  useNameOfNumber,
  useFinding,
  useNamesFor,
} from './known';
export { useWho, useWhoOfCall, useWhoOfNumber } from './who';
export * from './look';
export * from './words';
