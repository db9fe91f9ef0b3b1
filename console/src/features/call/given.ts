export { given } from '@/api';
