import '@/i18n/customers';

// What stands in the panel from the answer on; the first visit does not load it.
export { Finish } from './finish';
export { AfterCall } from './form';
