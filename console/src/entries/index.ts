export * from './actions';
export { useCustomerName } from './known';
export * from './look';
export * from './words';
