import { refusedEn } from './refused.en';
import { refusedZh } from './refused.zh';
import { learn } from './speech';

// As in `customers.ts`: whoever uses these words imports this.
learn('en', refusedEn);
learn('zh', refusedZh);
