import { i18next } from './index';
import { refusedEn } from './refused.en';
import { refusedZh } from './refused.zh';

// As in `customers.ts`: whoever uses these words imports this.
i18next.addResourceBundle('en', 'words', refusedEn, true, true);
i18next.addResourceBundle('zh', 'words', refusedZh, true, true);
