export * from './actions';
export { type NameOf, learnNames, mayBeName, useCustomerName, useNameOfNumber, useNamesFor } from './known';
export { useWho, useWhoOf, useWhoOfNumber } from './who';
export * from './look';
export * from './words';
