import type { Shape } from './shape';
import type { whenEn } from './when.en';

/** Chinese, in the shape of `when.en.ts`. */
export const whenZh: Shape<typeof whenEn> = {
  when: {
    none: '不限日期',
    clear: '清除日期',
    hours: '时',
    minutes: '分',
    nextMonth: '下个月',
    previousMonth: '上个月',
    nextYear: '下一年',
    previousYear: '上一年',
    nextYears: '后十年',
    previousYears: '前十年',
  },
};
