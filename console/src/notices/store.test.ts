import { beforeEach, describe, expect, it } from 'vitest';
import { spoken } from '@/i18n';
import { say, shownOf, unsay, useNotices } from './store';

beforeEach(() => useNotices.setState({ notices: [] }));

const ids = () => shownOf(useNotices.getState().notices).map(one => one.id);

describe('notices', () => {
  it('shows two at most', () => {
    for (const id of ['a', 'b', 'c']) say({ id, kind: 'request', title: () => id });
    expect(ids()).toEqual(['b', 'c']);
  });

  it('never hides the answer to a press behind requests', () => {
    say({ id: 'undo', kind: 'done', title: () => 'Moved' });
    for (const id of ['a', 'b', 'c']) say({ id, kind: 'request', title: () => id });
    expect(ids()).toEqual(['c', 'undo']);
  });

  it('puts the same thing in its own place', () => {
    say({ id: 'a', kind: 'info', title: () => 'one' });
    say({ id: 'a', kind: 'info', title: () => 'two' });
    expect(useNotices.getState().notices.map(one => one.title(spoken.t))).toEqual(['two']);
  });

  it('forgets what is taken back, and does not pile up', () => {
    const id = say({ kind: 'info', title: () => 'x' });
    unsay(id);
    expect(useNotices.getState().notices).toEqual([]);
    for (let n = 0; n < 99; n += 1) say({ kind: 'info', title: () => String(n) });
    expect(useNotices.getState().notices).toHaveLength(20);
  });
});
