import { IconPhone, IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { callBack, mayCall, useWhoOfCall, useWhoOfNumber } from '@/entries';
import { Heard, moment, phoneNumber, useLanguage, useTranslation } from '@/i18n';
import { useLive, useMyAgent, useNames, useStep } from '@/live';
import { dial, servicesToShow, usePhone, useRedial } from '@/phone';
import { Button } from '@/ui';
import styles from './call.module.css';
import { Devices } from './devices';
import { Keypad } from './parts';
import { type Recent, useRecent } from './recent';

const icon = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;

const KEPT = 'nohold.phone.shows';

function keptService(): string {
  try {
    return localStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}

/** No call: somebody may be dialled. */
export function IdlePanel({ items }: { items?: ReactNode }) {
  const { t } = useTranslation();
  const [devices, setDevices] = useState(false);
  const { calls, failed } = useRecent();
  return (
    <>
      <div className={styles.top}>
        <h2>{t('phone.title')}</h2>
        <Button size="row" kind="quiet" aria-expanded={devices} onClick={() => setDevices(!devices)}>
          {t('phone.settings')}
        </Button>
      </div>
      <div className={styles.middle}>
        {devices && <Devices />}
        {items}
        <Dial last={calls?.find(call => call.number !== null)?.number ?? null} />
        <RecentCalls calls={calls} failed={failed} />
      </div>
    </>
  );
}

/** The field and the keys. The number that was called last is dialled again where nothing is typed. */
function Dial({ last }: { last: string | null }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [shows, setShows] = useState(keptService);
  const { state } = usePhone();
  const whoWasLast = useWhoOfNumber(last);
  const { desk } = useNames();
  const groups = useMyAgent()?.groups ?? [];
  const services = servicesToShow(desk, groups);
  const service = services.find(one => one.key === shows)?.key ?? services[0]?.key ?? null;
  const go = () => {
    if (typed.trim() === '') {
      if (last !== null) setTyped(last);
      return;
    }
    void dial(typed.trim(), shows === 'own' ? null : service, state === 'ready').then(
      done => done && setTyped(''),
    );
  };
  const choose = (key: string) => {
    setShows(key);
    try {
      localStorage.setItem(KEPT, key);
    } catch {
      // It holds for this visit.
    }
  };
  return (
    <form
      className={styles.dial}
      onSubmit={event => {
        event.preventDefault();
        go();
      }}
    >
      <label className={styles.field}>
        <span>{t('phone.number')}</span>
        <input
          type="tel"
          autoComplete="off"
          maxLength={64}
          value={typed}
          onChange={event => setTyped(event.target.value)}
        />
      </label>
      <Keypad onPress={key => setTyped(before => before + key)} />
      <label className={styles.field}>
        <span>{t('phone.shows')}</span>
        <select
          value={shows === 'own' ? 'own' : (service ?? 'own')}
          onChange={event => choose(event.target.value)}
        >
          {services.map(one => (
            <option key={one.key} value={one.key}>
              {one.name} {phoneNumber(one.caller_id ?? '')}
            </option>
          ))}
          <option value="own">{t('phone.ownNumber')}</option>
        </select>
      </label>
      <Button
        type="submit"
        size="field"
        wide
        icon={<IconPhone size={16} stroke={1.75} aria-hidden />}
        disabled={typed.trim() === '' && last === null}
      >
        {typed.trim() === '' && last !== null ? t('phone.redial', { number: whoWasLast }) : t('phone.call')}
      </Button>
    </form>
  );
}

function RecentCalls({ calls, failed }: ReturnType<typeof useRecent>) {
  const { t } = useTranslation();
  return (
    <section className={styles.recent}>
      <h3>{t('phone.recent')}</h3>
      {failed && <p className={styles.dim}>{t('phone.recentFailed')}</p>}
      {calls?.length === 0 && <p className={styles.dim}>{t('phone.noRecent')}</p>}
      <ul>
        {(calls ?? []).map(call => (
          <li key={call.id}>
            <RecentCall {...call} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One of the last calls. It is called again by its entry while that is open, else by its number, where that is known. */
function RecentCall({ id: call, who: inside, outside, number, at, out, service, entry: id }: Recent) {
  const { t } = useTranslation();
  const named = useWhoOfCall({ call, number: outside, entry: id });
  const who = outside === null ? inside : named;
  const language = useLanguage();
  const now = useStep(60_000);
  const me = useLive(live => live.me?.agent ?? null);
  const entry = useLive(live => (id === null ? undefined : live.entries.get(id)));
  const redial = useRedial();
  const again =
    entry !== undefined && mayCall(entry, me)
      ? { words: t('do.callBackWho', { who }), do: () => void callBack(entry) }
      : number !== null && redial !== null
        ? { words: t('phone.redial', { number: who }), do: () => redial(number, service) }
        : null;
  const text = (
    <>
      {out ? <IconPhoneOutgoing {...icon} /> : <IconPhoneIncoming {...icon} />}
      <span>
        <Heard text={who} />
      </span>
      <time dateTime={new Date(at).toISOString()}>{moment(t, language, at, now)}</time>
    </>
  );
  return again === null ? (
    <div className={styles.again}>{text}</div>
  ) : (
    <button type="button" className={styles.again} title={again.words} onClick={again.do}>
      {text}
    </button>
  );
}
