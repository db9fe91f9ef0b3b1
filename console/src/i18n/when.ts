import { learn } from './speech';
import { whenEn } from './when.en';
import { whenZh } from './when.zh';

// As in `customers.ts`: whoever uses these words imports this.
learn('en', whenEn);
learn('zh', whenZh);
