import { Slider, Switch } from '@mantine/core';
import { Select } from '@/ui/select';
import { useEffect, useState } from 'react';
import { useTranslation } from '@/i18n';
import { canChooseOutput, desktopState, playSound, useWishes, wishFor } from '@/notices';
import { Button } from '@/ui';
import styles from './settings.module.css';

/** Sound and desktop notifications. */
export function Notices() {
  const { t } = useTranslation();
  const wishes = useWishes();
  return (
    <div className={styles.fields}>
      <Switch
        label={t('settings.sound')}
        description={t('settings.soundHint')}
        checked={wishes.sound}
        onChange={event => wishFor({ sound: event.currentTarget.checked })}
      />
      <div className={styles.slider}>
        <span className={styles.label} id="volume">
          {t('settings.volume')}
        </span>
        <Slider
          thumbLabel={t('settings.volume')}
          label={null}
          min={0}
          max={100}
          step={5}
          value={Math.round(wishes.volume * 100)}
          onChange={value => wishFor({ volume: value / 100 })}
        />
      </div>
      <Outputs />
      <Button onClick={() => void playSound()}>{t('settings.test')}</Button>
      <Desktop />
    </div>
  );
}

/** Where the sound plays. Browsers name outputs only once a microphone was allowed; without names they are numbered. */
function Outputs() {
  const { t } = useTranslation();
  const output = useWishes(wishes => wishes.output);
  const [outputs, setOutputs] = useState<{ value: string; label: string }[]>([]);
  useEffect(() => {
    const { mediaDevices } = navigator;
    if (!canChooseOutput() || mediaDevices === undefined) return;
    const look = async () => {
      const devices = await mediaDevices.enumerateDevices();
      const found = devices.filter(
        device => device.kind === 'audiooutput' && device.deviceId && device.deviceId !== 'default',
      );
      const name = (device: MediaDeviceInfo, index: number) =>
        device.label || `${t('settings.output')} ${index + 1}`;
      setOutputs(found.map((device, index) => ({ value: device.deviceId, label: name(device, index) })));
    };
    const again = () => void look().catch(() => setOutputs([]));
    again();
    mediaDevices.addEventListener('devicechange', again);
    return () => mediaDevices.removeEventListener('devicechange', again);
  }, [t]);
  if (!canChooseOutput()) return <p className={styles.hint}>{t('settings.outputHint')}</p>;
  const system = { value: 'system', label: t('settings.outputDefault') };
  return (
    <Select
      className={styles.field}
      label={t('settings.output')}
      data={[system, ...outputs]}
      value={outputs.some(one => one.value === output) ? output : 'system'}
      allowDeselect={false}
      onChange={value => wishFor({ output: value === 'system' || value === null ? '' : value })}
    />
  );
}

/** Browsers take the question for notifications only from a press. */
function Desktop() {
  const { t } = useTranslation();
  const wanted = useWishes(wishes => wishes.desktop);
  const [state, setState] = useState(desktopState);
  const ask = async () => {
    wishFor({ desktop: true });
    if (state === 'default') setState(await Notification.requestPermission());
  };
  const on = state === 'granted' && wanted;
  const words =
    state === 'none'
      ? t('settings.desktopNone')
      : state === 'denied'
        ? t('settings.desktopDenied')
        : on
          ? t('settings.desktopOn')
          : state === 'granted'
            ? t('settings.desktopOff')
            : null;
  return (
    <div>
      <span className={styles.label}>{t('settings.desktop')}</span>
      {words !== null && <p className={styles.hint}>{words}</p>}
      {on && <Button onClick={() => wishFor({ desktop: false })}>{t('settings.desktopStop')}</Button>}
      {!on && (state === 'default' || state === 'granted') && (
        <Button onClick={() => void ask()}>{t('settings.desktopAsk')}</Button>
      )}
    </div>
  );
}
