import { given } from '@/api';
import { situationOf } from '@/features/call';
import type { Phase } from '@/features/after-call';
import type { Agent, Call, OwnPhone } from '@/live';

/** A note that stands in the panel. */
export interface NoteInHand {
  call: string;
  phase: Phase;
}

/**
 * Which note stands in the panel, and in which part of the work; nothing where there is none to write. An older one that is
 * still open never stands under a call that rings or is dialled: what is typed then would go to another customer.
 */
export function noteInHand(
  agent: Agent | null,
  phone: OwnPhone | null,
  calls: ReadonlyMap<string, Call>,
  writing: string | null,
): NoteInHand | null {
  const situation = situationOf(agent, phone, calls);
  switch (situation.kind) {
    case 'ringing':
    case 'calling':
    case 'line':
      return null;
    case 'talking': {
      const { call } = situation;
      // Of a conversation with nobody outside nothing is noted.
      const noted = call !== null && (given(call.number) || given(call.dialled) || given(call.queue));
      const mine = agent?.call === call?.id && (agent?.state === 'talking' || agent?.state === 'held');
      return noted && mine ? { call: call.id, phase: 'talking' } : null;
    }
    case 'wrap_up':
      return given(agent?.wrap_up_of) ? { call: agent.wrap_up_of, phase: 'wrap_up' } : later(writing);
    case 'idle':
      return later(writing);
  }
}

const later = (writing: string | null): NoteInHand | null =>
  writing === null ? null : { call: writing, phase: 'later' };
