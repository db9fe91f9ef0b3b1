/** English, of fields for days and times: it comes with them. */
export const whenEn = {
  when: {
    none: 'Any day',
    clear: 'Clear the day',
    hours: 'hours',
    minutes: 'minutes',
    nextMonth: 'Next month',
    previousMonth: 'Previous month',
    nextYear: 'Next year',
    previousYear: 'Previous year',
    nextYears: 'Next ten years',
    previousYears: 'Previous ten years',
  },
};
