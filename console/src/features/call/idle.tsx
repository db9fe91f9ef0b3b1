import { IconPhone, IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { clock, phoneNumber, useLanguage, useTranslation } from '@/i18n';
import { useMyAgent, useNames } from '@/live';
import { usePhone } from '@/phone';
import { Button } from '@/ui';
import styles from './call.module.css';
import { Devices } from './devices';
import { Keypad } from './parts';
import { useRecent } from './recent';
import { dial } from './wishes';
import { given } from './given';

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
        <Dial />
        <Recent />
      </div>
    </>
  );
}

function Dial() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [shows, setShows] = useState(keptService);
  const { state } = usePhone();
  const { desk } = useNames();
  const groups = useMyAgent()?.groups ?? [];
  const last = useRecent(recent => recent.calls[0]?.number ?? null);
  const services = (desk?.services ?? []).filter(
    one => given(one.caller_id) && one.groups.some(group => groups.includes(group)),
  );
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
        {typed.trim() === '' && last !== null
          ? t('phone.redial', { number: phoneNumber(last) })
          : t('phone.call')}
      </Button>
    </form>
  );
}

function Recent() {
  const { t } = useTranslation();
  const language = useLanguage();
  const { state } = usePhone();
  const calls = useRecent(recent => recent.calls);
  return (
    <section className={styles.recent}>
      <h3>{t('phone.recent')}</h3>
      {calls.length === 0 && <p className={styles.dim}>{t('phone.noRecent')}</p>}
      <ul>
        {calls.map(({ id, number, at, out }) => (
          <li key={id}>
            <button
              type="button"
              title={t('phone.redial', { number: phoneNumber(number) })}
              onClick={() => void dial(number, null, state === 'ready')}
            >
              {out ? (
                <IconPhoneOutgoing size={16} stroke={1.75} aria-hidden />
              ) : (
                <IconPhoneIncoming size={16} stroke={1.75} aria-hidden />
              )}
              <span>{phoneNumber(number)}</span>
              <time>{clock(language, at)}</time>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
