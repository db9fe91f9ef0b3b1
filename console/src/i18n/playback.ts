import { i18next } from './index';
import { playbackEn } from './playback.en';
import { playbackZh } from './playback.zh';

// As in `customers.ts`: whoever uses these words imports this.
i18next.addResourceBundle('en', 'words', playbackEn, true, true);
i18next.addResourceBundle('zh', 'words', playbackZh, true, true);
