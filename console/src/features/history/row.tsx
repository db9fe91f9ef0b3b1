import { Link } from '@tanstack/react-router';
import { IconPhoneCall, IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { memo } from 'react';
import { Heard, fully, moment, phoneNumber, timer, useLanguage, useTranslation } from '@/i18n';
import { useMyAgent, useNames, useStep } from '@/live';
import type { End, PastCall } from '@/past';
import { ofOurs, outcome, useOutside } from '@/past/words';
import { Chip, type Tone } from '@/ui';
import styles from './history.module.css';
import { about, hungUpBy } from './words';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

const TONES: Record<End, Tone> = {
  talked: 'green',
  requested: 'teal',
  message: 'teal',
  missed: 'amber',
  cut_off: 'red',
  ended_by_flow: 'hollow',
  not_reached: 'amber',
  not_dialled: 'hollow',
};

interface CallRowProps {
  call: PastCall;
  /** Its place among all rows, from 0. */
  place: number;
  /** Takes the row's height. */
  measure: (row: HTMLElement | null) => void;
  onOpen: (call: string) => void;
}

/** One call: when, with whom, what for, who of ours, how long, and what came of it. */
export const CallRow = memo(function CallRow({ call, place, measure, onOpen }: CallRowProps) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  const desk = useNames(names => names.desk);
  const me = useMyAgent();
  const who = useOutside(call);
  return (
    <tr
      ref={measure}
      className={styles.row}
      aria-rowindex={place + 2}
      data-index={place}
      data-call={call.call}
      onClick={event =>
        event.target instanceof Element && !event.target.closest('a, button') && onOpen(call.call)
      }
    >
      <td className={styles.at}>
        <time dateTime={new Date(call.began).toISOString()} title={fully(language, call.began)}>
          {moment(t, language, call.began, now)}
        </time>
      </td>
      <td>
        <span className={styles.who}>
          {call.direction === 'in' ? (
            <IconPhoneIncoming {...icon} />
          ) : call.direction === 'internal' ? (
            <IconPhoneCall {...icon} />
          ) : (
            <IconPhoneOutgoing {...icon} />
          )}
          <Link
            to="/history/$call"
            params={{ call: call.call }}
            className={styles.number}
            title={call.number === null ? who : phoneNumber(call.number)}
          >
            <Heard text={who} />
          </Link>
        </span>
      </td>
      <td className={styles.quiet}>{about(t, desk, call)}</td>
      <td>{ofOurs(t, call, me)}</td>
      <td className={styles.figures}>{call.talked > 0 ? timer(call.talked) : '–'}</td>
      <td>
        <span title={hungUpBy(t, call) ?? undefined}>
          <Chip tone={TONES[call.end]}>{outcome(t, call)}</Chip>
        </span>
      </td>
    </tr>
  );
});
