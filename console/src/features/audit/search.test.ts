import { describe, expect, it } from 'vitest';
import { asked, readAuditSearch } from './search';

describe('what is chosen in the audit', () => {
  it('is read from the address, and what cannot be meant is left out', () => {
    const raw = { who: ' anna ', area: 'users', object: 7, since: '2026-11-27', until: '2026-13-99x' };
    expect(readAuditSearch(raw)).toEqual({ who: 'anna', area: 'users', object: '7', since: '2026-11-27' });
    expect(readAuditSearch({ area: 'elsewhere', who: '', since: 5 })).toEqual({});
  });

  it('means the last day whole', () => {
    const day = { since: '2026-11-27', until: '2026-11-27' };
    const { since = NaN, until = NaN } = asked(day);
    expect([since, until]).toEqual([new Date(2026, 10, 27).getTime(), new Date(2026, 10, 28).getTime()]);
    expect(asked({ who: 'anna' })).toEqual({ who: 'anna', since: undefined, until: undefined });
  });
});
