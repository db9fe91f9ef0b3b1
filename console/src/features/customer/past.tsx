import { given } from '@/api';
import { IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { moment, useLanguage, useTranslation } from '@/i18n';
import { type CallResult, agentName, useStep } from '@/live';
import styles from './customer.module.css';
import type { PastCall } from './pop';

const HOW = [
  'served',
  'requested',
  'message',
  'missed',
  'ended_by_flow',
  'cut_off',
  'callback',
  'direct',
] as const;

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

/** The last calls with the customer, each with who talked and what came of it. */
export function PastCalls({
  calls,
  dispositions,
}: {
  calls: readonly PastCall[];
  dispositions: ReadonlyMap<string, string>;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const now = useStep(60_000);
  if (calls.length === 0) return <p className={styles.quiet}>{t('pop.noCalls')}</p>;
  const outcome = (call: PastCall) => {
    const key = call.written?.disposition;
    if (given(key)) return dispositions.get(key) ?? key;
    if (given(call.result) && call.result !== 'answered') return t(`result.${call.result as CallResult}`);
    const how = HOW.find(one => one === call.how);
    return t(`pop.how.${how ?? 'none'}`);
  };
  return (
    <ul className={styles.past}>
      {calls.map(call => (
        <li key={call.call}>
          {call.by_us ? <IconPhoneOutgoing {...icon} /> : <IconPhoneIncoming {...icon} />}
          <time dateTime={new Date(call.at).toISOString()}>{moment(t, language, call.at, now)}</time>
          <b>{t(call.by_us ? 'pop.callOut' : 'pop.callIn')}</b>
          <span>{given(call.agent) && agentName(call.agent)}</span>
          <span>{outcome(call)}</span>
          {call.written?.note && <p className={styles.noted}>{call.written.note}</p>}
        </li>
      ))}
    </ul>
  );
}
