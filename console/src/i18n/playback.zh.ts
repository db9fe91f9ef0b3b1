import type { playbackEn } from './playback.en';
import type { Shape } from './shape';

export const playbackZh: Shape<typeof playbackEn> = {
  playback: {
    play: '播放',
    pause: '暂停',
    back: '后退 10 秒',
    on: '前进 10 秒',
    place: '位置',
    at: '{{at}}，共 {{length}}',
    speed: '速度',
    times: '{{speed}} 倍',
    download: '下载',
    agent: '坐席',
    customer: '客户',
    noWave: {
      damaged: '录音已损坏，无波形。',
      gone: '录音已不再保存。',
      none: '无法加载波形。',
    },
  },
};
