import { describe, expect, it } from 'vitest';
import { midnight } from '@/i18n';
import { asked, readHistorySearch } from './search';

describe('the address of past calls', () => {
  it('keeps what can be meant, and leaves out the rest', () => {
    const raw = {
      number: 13800138000,
      agent: ' 2000 ',
      direction: 'sideways',
      result: 'missed',
      since: '2026-13-99x',
    };
    expect(readHistorySearch(raw)).toEqual({ number: '13800138000', agent: '2000', result: 'missed' });
  });

  it('asks for whole days, and for no number of fewer than four digits', () => {
    const found = asked({ since: '2026-11-27', until: '2026-11-27', number: '138' });
    expect(found).toEqual({
      number: undefined,
      since: midnight('2026-11-27'),
      until: midnight('2026-11-28'),
    });
    expect(asked({ number: '138-0013' }).number).toBe('138-0013');
  });
});
