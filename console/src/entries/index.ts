export * from './actions';
export * from './look';
export * from './words';
