import { expect, it } from 'vitest';
import { spoken } from '@/i18n';
import { type Told, historyLines } from './history';

const t = spoken.in('en');
const context = { t, language: 'en', desk: null, now: 0 };

let revision = 0;
const told = (fact: Record<string, unknown>, same = false): Told => ({
  revision: same ? revision : ++revision,
  index: same ? 1 : 0,
  at: revision,
  fact,
});
const changed = (change: unknown, by: unknown = { agent: '2000' }) =>
  told({ entry_changed: { entry: 'e', change, by } });
const words = (...facts: Told[]) => historyLines(context, facts).map(line => [line.words, line.by]);

it('tells what customers and agents did, the latest first', () => {
  const lines = words(
    told({ request_made: { number: '+86' } }),
    told({ entry_gathered: { entry: 'e', call: null } }, true),
    changed({ claim: { agent: '2000' } }),
    changed({ call_began: { agent: '2000', call: 'c', beyond_window: false } }),
    told({ attempt_began: { attempt: 'a' } }),
    told({ attempt_ended: { attempt: 'a', result: 'busy', sent: true } }),
    changed({ attempt_ended: { attempt: 'a', result: 'busy', sent: true } }),
    changed('release', { supervisor: 'user-sue' }),
    changed('reopen', { supervisor: 'user-operator' }),
  );
  expect(lines).toEqual([
    ['Opened again', 'Operator of this server'],
    ['Released', 'sue, supervisor'],
    ['Attempt: busy', null],
    ['Called', null],
    ['Call back pressed', '2000'],
    ['Claimed', '2000'],
    ['Asked to be called', 'Customer'],
  ]);
});

it('tells of what an agent has arranged as theirs', () => {
  const path = ['desk/mia'];
  expect(words(told({ request_made: { number: '+86', path } }))).toEqual([['Follow-up arranged', 'mia']]);
  const own = told({ request_made: { number: '+86', path, assigned: '2014' } });
  expect(words(own)).toEqual([['Follow-up arranged', '2014']]);
});

it('claims of no short talk that its line broke', () => {
  const talked = (broken: boolean) => told({ callback_talked: { talked: 23_000, broken } });
  expect(words(talked(false))).toEqual([['Talked 0:23', null]]);
  expect(words(talked(true))).toEqual([['Talked 0:23, a short talk: the line may have broken', null]]);
});

it('tells outcomes with their notes', () => {
  const close = { outcome: { close: { reason: 'done', disposition: null, note: 'She paid.' } } };
  const [line] = historyLines(context, [changed(close)]);
  expect(line).toMatchObject({ words: 'Closed as done', note: 'She paid.' });
  const keep = { outcome: { keep: { disposition: null, note: '' } } };
  expect(historyLines(context, [changed(keep)])[0]).toMatchObject({ words: 'Kept on the list', note: null });
});

it('says that a colleague moved it, and that time ran out', () => {
  expect(words(changed({ reassign: { target: null, agent: '2001' } }))).toEqual([['Given to 2001', '2000']]);
  expect(words(changed({ heard: { message: 'msg_1' } }))).toEqual([['Message listened to', '2000']]);
  expect(words(changed('tick', 'system'))).toEqual([['Time ran out', 'Nohold']]);
});

it('passes over nothing that it does not know', () => {
  expect(words(told({ teleported: {} }))).toEqual([['Something else happened', null]]);
});

it('tells how a call came and with whom it went on, and leaves its inner steps to its own page', () => {
  const lines = words(
    told({ call_arrived: { call: 'c', number: '+86' } }),
    told({ flow_entered: { call: 'c', flow: 'menu' } }),
    told({ queued: { call: 'c', queue: '600' } }),
    told({ offer_made: { offer: 'o' } }),
    told({ connected: { call: 'c', agent: '2000' } }),
    told({ call_ended: { call: 'c', how: 'served' } }),
    told({ something_new: {} }),
  );
  expect(lines).toEqual([
    ['Something else happened', null],
    ['Talks with 2000', null],
    ['In queue 600', null],
    ['Called in', 'Customer'],
  ]);
});

it('tells what was agreed upon in a call', () => {
  const window = { from: 3_600_000, to: 4_500_000 };
  const [[said, by] = []] = words(
    changed({ follow_up: { call: 'c', window, target: null, assigned: '2000' } }),
  );
  expect(said).toMatch(/^Moved to .+, agreed in a call$/);
  expect(by).toBe('2000');
});

it('tells that it was undone', () => {
  const lines = words(
    changed({ follow_up_taken_back: { call: 'c', since: 1 } }),
    changed('take_back_served'),
  );
  expect(lines.map(([said]) => said)).toEqual([
    'Closing as served undone',
    'Agreement undone: as it was before',
  ]);
});
