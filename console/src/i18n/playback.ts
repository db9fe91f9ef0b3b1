import { playbackEn } from './playback.en';
import { playbackZh } from './playback.zh';
import { learn } from './speech';

// As in `customers.ts`: whoever uses these words imports this.
learn('en', playbackEn);
learn('zh', playbackZh);
