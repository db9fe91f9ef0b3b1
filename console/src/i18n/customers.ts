import { customersEn } from './customers.en';
import { customersZh } from './customers.zh';
import { i18next } from './index';

// The first visit does not load these words: whoever uses them imports this, and they are there before anything is drawn.
i18next.addResourceBundle('en', 'words', customersEn, true, true);
i18next.addResourceBundle('zh', 'words', customersZh, true, true);
