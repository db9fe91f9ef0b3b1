import {
  IconCircleCheckFilled,
  IconCircleMinus,
  IconCoffee,
  IconLogout,
  IconPencil,
  IconPhoneFilled,
  IconPhoneIncoming,
  IconPhoneX,
  IconPlayerPauseFilled,
  IconUserCheck,
} from '@tabler/icons-react';
import { type ReactNode } from 'react';
import type { AgentState } from '@/live';
import { Glyph, type Tone } from '@/ui';

const LOOKS: Record<AgentState, [Tone, ReactNode]> = {
  not_signed_in: ['grey', <IconLogout size={14} key="i" />],
  available: ['green', <IconCircleCheckFilled size={14} key="i" />],
  not_ready: ['grey', <IconCircleMinus size={14} key="i" />],
  break: ['amber', <IconCoffee size={14} key="i" />],
  reserved: ['teal', <IconUserCheck size={14} key="i" />],
  ringing: ['teal', <IconPhoneIncoming size={14} key="i" />],
  talking: ['violet', <IconPhoneFilled size={14} key="i" />],
  held: ['violet', <IconPlayerPauseFilled size={14} key="i" />],
  wrap_up: ['teal', <IconPencil size={14} key="i" />],
  no_answer: ['red', <IconPhoneX size={14} key="i" />],
};

/** The shape of a state on its tint. */
export function StateGlyph({ state }: { state: AgentState }) {
  const [tone, icon] = LOOKS[state];
  return <Glyph tone={tone}>{icon}</Glyph>;
}
