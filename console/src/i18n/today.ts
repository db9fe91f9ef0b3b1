import { todayEn } from './today.en';
import { todayZh } from './today.zh';
import { learn } from './speech';

// As in `customers.ts`: whoever uses these words imports this.
learn('en', todayEn);
learn('zh', todayZh);
