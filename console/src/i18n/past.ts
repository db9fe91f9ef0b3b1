import { i18next } from './index';
import { pastEn } from './past.en';
import { pastZh } from './past.zh';

// As in `customers.ts`: whoever uses these words imports this.
i18next.addResourceBundle('en', 'words', pastEn, true, true);
i18next.addResourceBundle('zh', 'words', pastZh, true, true);
