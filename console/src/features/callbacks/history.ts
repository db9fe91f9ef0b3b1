import { type TFunction, moment, timer } from '@/i18n';
import { type CallResult, type LeftAt, agentName, queueName, type Desk } from '@/live';
import { accountName, arrangedBy, whyWords } from '@/entries';

/** Something that happened with an entry, as the server keeps it: one key, which is its kind. */
export interface Told {
  revision: number;
  index: number;
  at: number;
  fact: Record<string, unknown>;
}

/** One line of the history. */
export interface Line {
  key: string;
  at: number;
  words: string;
  /** Who did it; nothing where it happened by itself. */
  by: string | null;
  note: string | null;
}

interface Context {
  t: TFunction;
  language: string;
  desk: Desk | null;
  now: number;
}

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

/** A value of our enums: a word, or an object with one key. */
function variant(value: unknown): [string, Fields] {
  if (typeof value === 'string') return [value, {}];
  const [entry] = Object.entries(fields(value));
  return entry === undefined ? ['', {}] : [entry[0], fields(entry[1])];
}

function actor(t: TFunction, by: unknown): string | null {
  if (by === 'customer') return t('history.customer');
  if (by === 'system' || typeof by !== 'object' || by === null) return t('history.system');
  const { agent, supervisor } = by as { agent?: string; supervisor?: string };
  if (agent !== undefined) return agentName(agent);
  // Who runs this server does it from the command line, and is nobody's supervisor.
  if (supervisor === 'user-operator') return t('audit.operator');
  return supervisor === undefined ? null : t('history.supervisor', { name: agentName(supervisor) });
}

const RESULTS = [
  'answered',
  'no_answer',
  'busy',
  'refused',
  'unallocated',
  'switched_off',
  'machine',
  'failed',
  'interrupted',
];

function resultWords(t: TFunction, value: unknown): string {
  return RESULTS.includes(String(value)) ? t(`result.${value as CallResult}`) : String(value);
}

const DROPPED = [
  'no_answer',
  'declined',
  'unreachable',
  'hung_up',
  'number_in_use',
  'hour',
  'not_callable',
  'tried_enough',
  'refused',
  'not_saved',
  'interrupted',
] as const;

function leftWords({ t, desk }: Context, value: unknown): string {
  const left = value as LeftAt;
  if (typeof left === 'object' && left !== null) {
    if ('queue' in left) return whyWords(t, desk, { kind: 'leftQueue', queue: left.queue });
    return t('why.leftOverflow', { queue: queueName(desk, left.overflow) });
  }
  const kinds = {
    menu: 'leftMenu',
    after_hours: 'leftAfterHours',
    message: 'leftMessage',
    connecting: 'leftConnecting',
    transfer: 'leftTransfer',
  } as const;
  return t(`why.${kinds[left] ?? 'missed'}`);
}

type Said = Pick<Line, 'words'> & Partial<Line>;

function outcomeWords(context: Context, value: unknown): Said {
  const { t, language, now } = context;
  const [kind, of] = variant(value);
  const note = typeof of.note === 'string' && of.note !== '' ? of.note : null;
  switch (kind) {
    case 'close': {
      const reason = String(of.reason);
      const known = reason === 'done' || reason === 'cancelled' || reason === 'refused' ? reason : 'done';
      return { words: t(`history.close_${known}`), note };
    }
    case 'keep':
      return { words: t('history.keep'), note };
    case 'not_reached':
      return { words: t('history.not_reached', { result: resultWords(t, of.result) }), note };
    case 'postpone':
      return {
        words: t('history.postpone', { time: moment(t, language, Number(fields(of.window).from), now) }),
        note,
      };
    default:
      return { words: t('history.unknown'), note };
  }
}

function changeWords(context: Context, value: unknown): Said | null {
  const { t } = context;
  const [kind, of] = variant(value);
  switch (kind) {
    case 'claim':
    case 'release':
    case 'tick':
    case 'call_began':
    case 'cancel':
    case 'reopen':
    case 'allow_more_attempts':
    case 'acknowledge':
    case 'heard':
      return { words: t(`history.${kind}`) };
    case 'outcome':
      return outcomeWords(context, Object.keys(of).length > 0 ? of : (value as Fields).outcome);
    case 'served':
      return { words: t('history.servedChange') };
    case 'follow_up':
      return {
        words: t('history.agreed', {
          time: moment(t, context.language, Number(fields(of.window).from), context.now),
        }),
      };
    case 'follow_up_taken_back':
      return { words: t('history.agreementUndone') };
    case 'take_back_served':
      return { words: t('history.servedUndone') };
    case 'prioritise':
      return { words: t('history.prioritise', { priority: String(of.priority) }) };
    case 'reassign':
      return {
        words: of.agent
          ? t('history.reassign', { name: agentName(String(of.agent)) })
          : t('history.reassignNobody'),
      };
    // Facts of their own tell these.
    case 'call_dropped':
    case 'attempt_began':
    case 'attempt_ended':
    case 'answered':
    case 'talk_ended':
      return null;
    default:
      return { words: t('history.unknown') };
  }
}

/** What else is kept of a call; its own page tells it leg by leg. */
const OF_THE_CALL = new Set([
  'flow_entered',
  'left_queue',
  'offer_made',
  'offer_ringing',
  'offer_ended',
  'phone_rung',
  'phone_answered',
  'phone_failed',
  'held',
  'agent_freed',
  'recording_paused',
  'recording_resumed',
  'number_refused',
  'transferred',
  'transfer_answered',
  'transfer_failed',
  'treated_as_customer',
  'handed_over',
  'consult_began',
  'consult_answered',
  'consult_changed',
  'consult_ended',
  'consult_completed',
  'note_saved',
  'call_ended',
]);

function factWords(context: Context, kind: string, of: Fields): Said | null {
  const { t, desk } = context;
  if (OF_THE_CALL.has(kind)) return null;
  switch (kind) {
    case 'call_arrived':
      return { words: t('history.arrived'), by: t('history.customer') };
    case 'queued':
      return { words: t('history.queued', { queue: queueName(desk, String(of.queue)) }) };
    case 'connected':
      return { words: t('history.connected', { agent: agentName(String(of.agent)) }) };
    case 'request_made':
      // An agent has agreed with the customer that they are called again.
      return arrangedBy(of.path as string[] | undefined) === null
        ? { words: t('history.requestMade'), by: t('history.customer') }
        : {
            words: t('history.followUp'),
            by:
              typeof of.assigned === 'string'
                ? agentName(of.assigned)
                : accountName(arrangedBy(of.path as string[]) ?? ''),
          };
    case 'message_left':
      return {
        words: t('history.messageLeft', { time: timer(Number(of.speech)) }),
        by: t('history.customer'),
      };
    case 'missed':
      return {
        words: t('history.missed', { where: leftWords(context, of.left_at), time: timer(Number(of.waited)) }),
        by: t('history.customer'),
      };
    case 'cut_off':
      return { words: t('history.cutOff') };
    case 'served':
      return { words: t('history.served', { agent: agentName(String(of.agent)) }) };
    case 'attempt_began':
      return { words: t('history.attemptBegan') };
    case 'attempt_answered':
      return { words: t('history.attemptAnswered') };
    case 'attempt_ended':
      return { words: t('history.attemptEnded', { result: resultWords(t, of.result) }) };
    case 'callback_talked':
      return {
        words: t(of.broken ? 'history.talkedBroken' : 'history.talked', { time: timer(Number(of.talked)) }),
      };
    case 'callback_dropped': {
      const why = DROPPED.find(one => one === of.why);
      return {
        words: t('history.dropped', { why: why === undefined ? String(of.why) : t(`dropped.${why}`) }),
      };
    }
    case 'entry_gathered':
      // What was gathered is told by the fact beside it, where there is one.
      return of.call ? { words: t('history.gathered') } : null;
    case 'recording_began':
      return { words: t('history.recording') };
    case 'entry_changed': {
      const said = changeWords(context, of.change);
      return said && { by: actor(t, of.by), ...said };
    }
    default:
      return { words: t('history.unknown') };
  }
}

/** Facts of a customer that put something into an entry. */
const TELLS = new Set(['request_made', 'message_left', 'missed', 'cut_off']);

/** The history in words, the latest first. */
export function historyLines(context: Context, told: readonly Told[]): Line[] {
  const telling = new Set(told.filter(one => TELLS.has(variant(one.fact)[0])).map(one => one.revision));
  const lines = told.flatMap(one => {
    const [kind, of] = variant(one.fact);
    const said = kind === 'entry_gathered' && telling.has(one.revision) ? null : factWords(context, kind, of);
    return said === null
      ? []
      : [{ key: `${one.revision}.${one.index}`, at: one.at, by: null, note: null, ...said }];
  });
  return lines.reverse();
}
