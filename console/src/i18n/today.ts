import { i18next } from './index';
import { todayEn } from './today.en';
import { todayZh } from './today.zh';

// As in `customers.ts`: whoever uses these words imports this.
i18next.addResourceBundle('en', 'words', todayEn, true, true);
i18next.addResourceBundle('zh', 'words', todayZh, true, true);
