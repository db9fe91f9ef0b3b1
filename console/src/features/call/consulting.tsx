import { Heard, useTranslation } from '@/i18n';
import { type Call, useAgentName, useNames } from '@/live';
import { Button } from '@/ui';
import styles from './call.module.css';
import { Running } from './parts';
import { say } from '@/notices';
import { sentTo } from './by-me';
import { consulted } from './tell';
import { cancel, complete, conference, swap } from './wishes';
import { given } from './given';

type Consult = NonNullable<Call['consult']>;

interface Props {
  call: Call;
  consult: Consult;
  /** Who the customer is. */
  customer: string;
}

/** Who has called this agent besides the customer. What becomes of the customer is theirs to say. */
export function Consulted({ call, consult, customer }: Props) {
  const { t } = useTranslation();
  const { by_name: who } = consult;
  const words = call.conference
    ? t('call.withThem', { customer, who })
    : t(consult.with === 'customer' ? 'call.youHear' : 'call.youWith', { who });
  return (
    <section className={styles.consult} aria-label={t('call.consultation')} data-consulted>
      <h3>
        {t('call.asksYou', { who })} <Running since={consult.answered ?? consult.since} />
      </h3>
      <p role="status">
        <Heard text={words} />
      </p>
    </section>
  );
}

/** Somebody whom the agent has called besides the customer. */
export function Consulting({ call, consult, customer }: Props) {
  const { t } = useTranslation();
  useAgentName(consult.agent ?? null);
  useNames();
  const who = consulted(consult);
  const handOver = async () => {
    if (!(await complete(call))) return;
    if (!given(consult.answered)) sentTo(call.id, who);
    say({ id: 'call', kind: 'done', title: t => t('call.moved', { who: customer, to: who }) });
  };
  const answered = given(consult.answered);
  const words = !answered
    ? t('call.ringsAt')
    : call.conference
      ? t('call.withThem', { customer, who })
      : consult.with === 'customer'
        ? t('call.withCustomer', { who })
        : t('call.withTarget');
  return (
    <section className={styles.consult} aria-label={t('call.consulting')}>
      <h3>
        {who} <Running since={consult.answered ?? consult.since} />
      </h3>
      <p role="status">
        <Heard text={words} />
      </p>
      <div className={styles.choices}>
        <Button onClick={() => void handOver()}>{t('call.complete')}</Button>
        {answered && !call.conference && (
          <>
            <Button onClick={() => void swap(call)}>{t('call.swap')}</Button>
            <Button onClick={() => void conference(call)}>{t('call.conference')}</Button>
          </>
        )}
        <Button onClick={() => void cancel(call)}>{t(call.conference ? 'call.takeOut' : 'call.back')}</Button>
      </div>
    </section>
  );
}
