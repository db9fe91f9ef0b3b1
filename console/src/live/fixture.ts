import type { Agent, Call, Entry, Note, OwnPhone, Reminder } from './rows';

/** An entry for tests: a missed call that waits, unless something else is said. */
export function anEntry(id: string, more: Partial<Entry> = {}): Entry {
  return {
    id,
    version: 1,
    number: '+8613800138000',
    blocked: false,
    target: { queue: '600' },
    assigned: null,
    section: 'missed',
    count: 1,
    short: false,
    matter: 0,
    priority: 0,
    place: 0,
    made: 0,
    last: 0,
    due: 0,
    not_before: 0,
    request: null,
    cut_off: 0,
    messages: [],
    heard: [],
    missed: { count: 1, short: 0, left_at: { queue: '600' }, waited: 48_000 },
    state: { name: 'waiting' },
    attempts: [],
    acknowledged: false,
    disposition: null,
    note: '',
    ...more,
  };
}

/** A callback request for tests. */
export function aRequest(id: string, more: Partial<Entry> = {}, to = 900_000): Entry {
  return anEntry(id, {
    section: 'requests',
    request: {
      asked: 0,
      promise: { from: 0, to },
      called: null,
      queue: '600',
      path: [],
      language: 'en',
      prompts: [],
      key: '2',
    },
    ...more,
  });
}

export function aReminder(id: string, entry: string): Reminder {
  return { id, kind: 'request', entry, since: 0, until: null, sounds: true };
}

export function anAgent(key: string, more: Partial<Agent> = {}): Agent {
  return {
    key,
    name: key,
    number: key,
    extension: key,
    groups: ['support-a'],
    state: 'available',
    since: 0,
    reason: null,
    after: null,
    wrap_up_until: null,
    wrap_up_of: null,
    must_write: false,
    may_wrap_up_until: null,
    outside: null,
    wants_wrap_up: false,
    call: null,
    offer: null,
    entry: null,
    version: 1,
    ...more,
  };
}

/** A note for tests: nothing is written, and nobody asks for it. */
export function aNote(call: string, more: Partial<Note> = {}): Note {
  return {
    call,
    agent: '2000',
    version: 1,
    number: '+8613800138000',
    service: 'support',
    campaign: null,
    queue: '600',
    entry: null,
    began: 0,
    ended: null,
    required: false,
    open: false,
    written: { disposition: null, note: '', tags: [] },
    typed: null,
    done: null,
    ...more,
  };
}

/** A live call for tests: a customer who waits. */
export function aCall(id: string, more: Partial<Call> = {}): Call {
  return {
    id,
    number: '+8613800138000',
    began: 0,
    doing: 'waiting',
    agents: [],
    conference: false,
    held: false,
    held_by: [],
    far_rings: false,
    keep_open: [],
    path: [],
    ringing: [],
    ...more,
  };
}

/** The phone of a page for tests, connected, with these calls. */
export function aPhone(...calls: OwnPhone['calls']): OwnPhone {
  return { calls, connection: 1, echo: false, extension: '2014', state: 'up' };
}
