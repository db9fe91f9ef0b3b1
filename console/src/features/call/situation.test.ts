import { describe, expect, it } from 'vitest';
import type { Call, OwnPhone } from '@/live';
import { aCall, aPhone, anAgent } from '@/live/fixture';
import { countdown, holderOf, isHeldBy, situationOf } from './situation';

const call = (more: Partial<Call> = {}): Call => aCall('call_1', { agents: ['2014'], ...more });

const calls = (...all: Call[]) => new Map(all.map(one => [one.id, one]));
const leg = (state: OwnPhone['calls'][number]['state']) => ({ leg: 'leg_1', call: 'call_1', state });

describe('the situation of a phone', () => {
  it('is idle for who has no call, and for who is no agent', () => {
    expect(situationOf(null, null, calls()).kind).toBe('idle');
    expect(situationOf(anAgent('2014'), aPhone(), calls()).kind).toBe('idle');
  });

  it('rings with the deadline of its own agent', () => {
    const other = { agent: '2011', since: 1, until: 2, out_of_rotation: false };
    const mine = { agent: '2014', since: 1_000, until: 21_000, out_of_rotation: true };
    const rung = call({ ringing: [other, mine] });
    const found = situationOf(anAgent('2014', { state: 'ringing' }), aPhone(leg('ringing')), calls(rung));
    expect(found).toMatchObject({ kind: 'ringing', leg: 'leg_1', since: 1_000, until: 21_000 });
    expect(found).toHaveProperty('outOfRotation', true);
  });

  it('rings with the deadline of a colleague who asks first, and of nothing else of that call', () => {
    const consult = { by: '2011', by_name: '2011', to: {}, agent: '2014', since: 5_000, until: 30_000 };
    const asked = call({ consult: { ...consult, with: 'target' }, agents: ['2011', '2014'] });
    const at = (agent: string) =>
      situationOf(anAgent(agent, { state: 'ringing' }), aPhone(leg('ringing')), calls(asked));
    expect(at('2014')).toMatchObject({ kind: 'ringing', since: 5_000, until: 30_000, outOfRotation: false });
    expect(at('2001')).toMatchObject({ kind: 'ringing', until: null, outOfRotation: false });
  });

  it('rings without a leg where the phone stands on the desk', () => {
    const agent = anAgent('2014', { state: 'ringing', call: 'call_1', since: 7 });
    expect(situationOf(agent, aPhone(), calls(call()))).toMatchObject({
      kind: 'ringing',
      leg: null,
      since: 7,
    });
  });

  it('holds no call where a star code is answered or a busy line told', () => {
    const free = anAgent('2014', { state: 'available' });
    const star = situationOf(free, aPhone(leg('talking')), calls());
    expect(star).toEqual({ kind: 'line', leg: 'leg_1', busy: false });
    // The call may be over before its tone or after it.
    for (const known of [calls(), calls(call({ number: null, dialled: '+442079460118' }))])
      expect(situationOf(free, aPhone(leg('busy')), known)).toEqual({ ...star, busy: true });
    // The row of a call may come after the agent's own.
    const talks = anAgent('2014', { state: 'talking', call: 'call_1' });
    expect(situationOf(talks, aPhone(leg('talking')), calls()).kind).toBe('talking');
    const next = { leg: 'leg_2', call: 'call_2', state: 'ringing' } as const;
    expect(situationOf(free, aPhone(leg('busy'), next), calls()).kind).toBe('ringing');
    const dialled = { leg: 'leg_2', call: 'call_2', state: 'dialling' } as const;
    expect(situationOf(free, aPhone(leg('busy'), dialled), calls())).toMatchObject({ leg: 'leg_2' });
  });

  it('calls until the customer of a callback has answered', () => {
    const agent = anAgent('2014', { state: 'reserved', call: 'call_1' });
    const back = call({ entry: 'cbr_1' });
    expect(situationOf(agent, aPhone(leg('talking')), calls(back)).kind).toBe('calling');
    const talks = anAgent('2014', { state: 'talking', call: 'call_1' });
    expect(situationOf(talks, aPhone(leg('talking')), calls({ ...back, connected: 9 })).kind).toBe('talking');
  });

  it('dials until the far side has answered, although the call holds the agent', () => {
    const talks = anAgent('2014', { state: 'talking', call: 'call_1' });
    const out = call({ number: null, dialled: '+442079460118', doing: 'talking' });
    expect(situationOf(talks, aPhone(leg('talking')), calls(out)).kind).toBe('calling');
    // At a desk phone, too.
    expect(situationOf(talks, aPhone(), calls(out)).kind).toBe('calling');
    expect(situationOf(talks, aPhone(leg('talking')), calls({ ...out, connected: 9 })).kind).toBe('talking');
  });

  it('shows a second call that rings above the one in hand', () => {
    const two = aPhone(leg('talking'), { leg: 'leg_2', call: 'call_2', state: 'ringing' });
    const found = situationOf(anAgent('2014'), two, calls(call(), call({ id: 'call_2' })));
    expect(found).toMatchObject({ kind: 'ringing', leg: 'leg_2' });
  });
});

it('counts down whole seconds, and never below none', () => {
  expect(countdown(0, 20_000, 5_100)).toEqual({ seconds: 15, part: 0.745 });
  expect(countdown(0, 20_000, 30_000)).toEqual({ seconds: 0, part: 0 });
  expect(countdown(0, null, 30_000)).toBeNull();
});

describe('whom a call dials', () => {
  it('is dialled until it rings there', () => {
    const dialled = (far_rings: boolean) => calls(call({ dialled: '+8613800138000', far_rings }));
    const mia = anAgent('2014', { state: 'talking', call: 'call_1' });
    const shown = (far_rings: boolean) => situationOf(mia, aPhone(leg('talking')), dialled(far_rings));
    expect(shown(false)).toMatchObject({ kind: 'calling', ringsThere: false });
    expect(shown(true)).toMatchObject({ kind: 'calling', ringsThere: true });
  });
});

describe('a hold', () => {
  it('is taken back by whoever holds, and is named to the other', () => {
    const held = call({ held: true, held_by: [{ agent: '2011', name: 'Priya N.' }] });
    expect([isHeldBy(held, '2011'), isHeldBy(held, '2014')]).toEqual([true, false]);
    expect([holderOf(held, '2011'), holderOf(held, '2014')]).toEqual([null, 'Priya N.']);
    expect([isHeldBy(call(), '2011'), holderOf(call(), '2014')]).toEqual([false, null]);
  });
});
