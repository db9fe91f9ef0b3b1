import { pastEn } from './past.en';
import { pastZh } from './past.zh';
import { learn } from './speech';

// As in `customers.ts`: whoever uses these words imports this.
learn('en', pastEn);
learn('zh', pastZh);
