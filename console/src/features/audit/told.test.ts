import { describe, expect, it } from 'vitest';
import { differences, wished } from './told';

describe('a line of the audit', () => {
  it('tells what differs, and not what every change changes', () => {
    const before = { version: 1, name: 'Wang', numbers: ['138****8001'], tags: [], company: 'Lotus' };
    const after = {
      version: 2,
      name: 'Wang Fang',
      numbers: ['138****8002'],
      tags: ['vip'],
      company: 'Lotus',
    };
    expect(differences(before, after)).toEqual([
      'name: Wang → Wang Fang',
      'numbers: 138****8001 → 138****8002',
      'tags: – → vip',
    ]);
    expect(differences(undefined, { version: 3 })).toEqual([]);
  });

  it('tells states and what is gone in words', () => {
    const [before, after] = [{ state: { name: 'waiting' } }, { state: { name: 'claimed', agent: '2000' } }];
    expect(differences(before, after)).toEqual(['state: (name: waiting) → (name: claimed, agent: 2000)']);
    expect(differences({ name: 'Wang', notes: [{ by: 'ada', text: 'tea' }] }, null)).toEqual([
      'name: Wang → –',
      'notes: (by: ada, text: tea) → –',
    ]);
  });

  it('tells what was asked for', () => {
    expect(wished({ action: 'break', reason: 'Lunch' })).toBe('action: break, reason: Lunch');
    expect(wished({ to: { queue: '600' }, agent: null, prune: false })).toBe('to: (queue: 600)');
    expect(wished(undefined)).toBe('');
  });
});
