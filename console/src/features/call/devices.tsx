import { useEffect, useRef, useState } from 'react';
import { api, need, once } from '@/api';
import { useTranslation } from '@/i18n';
import { refusedWords } from '@/notices';
import { choosePhone, meter, phone, ring, usePhone, usePhoneChoices } from '@/phone';
import { Button } from '@/ui';
import styles from './call.module.css';

type Kind = 'microphone' | 'speaker' | 'ringer';

function useDevices(ready: boolean): MediaDeviceInfo[] {
  const [found, setFound] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (media === undefined) return;
    const look = () => void media.enumerateDevices().then(setFound, () => {});
    look();
    media.addEventListener('devicechange', look);
    return () => media.removeEventListener('devicechange', look);
  }, [ready]);
  return found;
}

/** Microphone, speaker and ringer, and whether they and the network do. */
export function Devices() {
  const { t } = useTranslation();
  const { state } = usePhone();
  const { processing } = usePhoneChoices();
  const ready = state === 'ready';
  const devices = useDevices(ready);
  const sinks = 'setSinkId' in HTMLMediaElement.prototype;
  return (
    <section className={styles.devices} aria-label={t('phone.settings')}>
      <Choice kind="microphone" devices={devices.filter(one => one.kind === 'audioinput')} />
      {ready && <Meter />}
      {sinks ? (
        <>
          <Choice kind="speaker" devices={devices.filter(one => one.kind === 'audiooutput')} />
          <Choice kind="ringer" devices={devices.filter(one => one.kind === 'audiooutput')} />
        </>
      ) : (
        <p className={styles.dim}>{t('phone.noSink')}</p>
      )}
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={processing}
          onChange={event => choosePhone({ processing: event.target.checked })}
        />
        {t('phone.processing')}
      </label>
      {ready && <Tests />}
    </section>
  );
}

function Choice({ kind, devices }: { kind: Kind; devices: MediaDeviceInfo[] }) {
  const { t } = useTranslation();
  const chosen = usePhoneChoices(state => state[kind]);
  const quiet = useRef<(() => void) | null>(null);
  useEffect(() => () => quiet.current?.(), []);
  const choose = (id: string) => {
    choosePhone({ [kind]: id });
    if (kind !== 'ringer') return;
    quiet.current?.();
    const end = ring(id);
    const timer = setTimeout(end, 1_500);
    quiet.current = () => {
      clearTimeout(timer);
      end();
    };
  };
  const named = devices.filter(one => one.deviceId !== '' && one.deviceId !== 'default');
  return (
    <label className={styles.field}>
      <span>{t(`phone.${kind}`)}</span>
      <select value={chosen} onChange={event => choose(event.target.value)}>
        <option value="">{t('phone.system')}</option>
        {named.map((one, n) => (
          <option key={one.deviceId} value={one.deviceId}>
            {one.label || t('phone.device', { n: n + 1 })}
          </option>
        ))}
      </select>
    </label>
  );
}

function Meter() {
  const { t } = useTranslation();
  const bar = useRef<HTMLMeterElement>(null);
  const microphone = usePhoneChoices(state => state.microphone);
  useEffect(() => {
    const stream = phone.stream();
    if (stream === null) return;
    return meter(stream, level => {
      if (bar.current !== null) bar.current.value = level;
    });
  }, [microphone]);
  return <meter ref={bar} className={styles.meter} min={0} max={1} aria-label={t('phone.level')} />;
}

function Tests() {
  const { t } = useTranslation();
  const [echo, setEcho] = useState(false);
  const [level, setLevel] = useState<number | null>(null);
  const [words, setWords] = useState('');
  useEffect(() => {
    if (!echo) return;
    const look = async () => {
      const now = await need(api.GET('/api/phone/echo'));
      setLevel(now.level ?? null);
      if (!now.on) setEcho(false);
    };
    const timer = setInterval(() => void look().catch(() => setEcho(false)), 500);
    return () => {
      clearInterval(timer);
      void api.DELETE('/api/phone/echo', { params: { header: once() } }).catch(() => {});
    };
  }, [echo]);
  const begin = async () => {
    try {
      await need(api.POST('/api/phone/echo', { params: { header: once() } }));
      setWords('');
      setEcho(true);
    } catch (thrown) {
      setWords(t('phone.echoFailed', { words: refusedWords(thrown) }));
    }
  };
  const network = async () => {
    const way = await phone.way();
    if (way === null) setWords(t('phone.networkNone'));
    else setWords(t(way.relay ? 'phone.networkRelay' : 'phone.networkUdp', { time: way.roundTrip }));
  };
  return (
    <>
      <div className={styles.choices}>
        <Button size="row" onClick={() => (echo ? setEcho(false) : void begin())}>
          {t(echo ? 'phone.echoEnd' : 'phone.echo')}
        </Button>
        <Button size="row" onClick={() => void network()}>
          {t('phone.network')}
        </Button>
      </div>
      <p role="status" className={styles.dim}>
        {echo ? t('phone.echoWords', { level: level ?? '–' }) : words}
      </p>
    </>
  );
}
