import { api, need, once } from '@/api';
import { wish } from './wish';

/** From now on calls ring at my number outside, or at my phone again. */
export const workOutside = (outside: boolean): Promise<boolean> =>
  wish(
    need(api.PUT('/api/me/outside', { params: { header: once() }, body: { outside } })),
    'phone.outsideFailed',
  );
