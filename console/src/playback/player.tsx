import '@/i18n/playback';
import {
  IconDownload,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRewindBackward10,
  IconRewindForward10,
} from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { timer, useTranslation } from '@/i18n';
import { useLive } from '@/live';
import { IconButton } from '@/ui';
import {
  JUMP,
  SPEEDS,
  type Sound,
  type Speed,
  fileOf,
  jump,
  leave,
  playOrPause,
  seek,
  setSpeed,
  usePlayback,
} from '.';
import { noWave, usePeaks } from './peaks';
import styles from './player.module.css';
import { Sides, Waveform } from './waveform';

const icon = { size: 18, stroke: 1.75, 'aria-hidden': true } as const;

/** How far a key goes, in seconds: a browser's own steps would be parts of the whole. */
const JUMPS: Partial<Record<string, number>> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: JUMP,
  PageDown: -JUMP,
};

interface PlayerProps {
  sound: Sound;
  /** What it is: `Message 2`. */
  name: string;
}

/** Plays one sound: where it is, how long it is, jumps and speed. */
export default function Player({ sound, name }: PlayerProps) {
  const { t } = useTranslation();
  const own = usePlayback(state => (state.sound === sound.id ? state : null));
  const speed = usePlayback(state => state.speed);
  const label = useId();
  const last = useRef(sound);
  useEffect(() => {
    last.current = sound;
  });
  useEffect(() => () => leave(last.current), [sound.id]);
  const playing = own?.playing ?? false;
  return (
    <div role="group" aria-labelledby={label} className={styles.player} data-sound={sound.id}>
      <button
        type="button"
        className={styles.play}
        aria-label={`${t(playing ? 'playback.pause' : 'playback.play')}, ${name}`}
        onClick={() => void playOrPause(sound)}
      >
        {playing ? (
          <IconPlayerPauseFilled size={14} aria-hidden />
        ) : (
          <IconPlayerPlayFilled size={14} aria-hidden />
        )}
      </button>
      <span id={label} className={styles.name}>
        {name}
      </span>
      <Place sound={sound} />
      <span className={styles.buttons}>
        <IconButton label={t('playback.back')} onClick={() => jump(sound, -JUMP)}>
          <IconRewindBackward10 {...icon} />
        </IconButton>
        <IconButton label={t('playback.on')} onClick={() => jump(sound, JUMP)}>
          <IconRewindForward10 {...icon} />
        </IconButton>
        <Download sound={sound} name={name} />
        <select
          className={styles.speed}
          aria-label={t('playback.speed')}
          value={speed}
          onChange={event => setSpeed(Number(event.currentTarget.value) as Speed)}
        >
          {SPEEDS.map(one => (
            <option key={one} value={one}>
              {t('playback.times', { speed: one })}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

/** Takes it away as a file, where the viewer may. */
function Download({ sound, name }: PlayerProps) {
  const { t } = useTranslation();
  const may = useLive(live => live.me?.may?.includes('download') ?? false);
  if (!may) return null;
  const words = `${t('playback.download')}, ${name}`;
  return (
    <a
      className={styles.download}
      href={fileOf(sound)}
      download
      aria-label={words}
      title={t('playback.download')}
    >
      <IconDownload {...icon} />
    </a>
  );
}

/** Where it is, in its waveform. How long it is stands there as soon as that was drawn, or it was opened. */
function Place({ sound }: { sound: Sound }) {
  const { t } = useTranslation();
  const own = usePlayback(state => (state.sound === sound.id ? state : null));
  const peaks = usePeaks(sound);
  const drawn = peaks.data === undefined ? null : peaks.data.length / 1_000;
  const length = own?.length ?? drawn;
  const at = Math.min(own?.at ?? 0, length ?? Infinity);
  const shown = (seconds: number) => timer(seconds * 1_000);
  const onKey = (event: KeyboardEvent) => {
    const by = JUMPS[event.key];
    if (event.key === ' ') void playOrPause(sound);
    else if (by !== undefined) jump(sound, by);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      {peaks.data?.channels.length === 2 && <Sides />}
      <span className={styles.track}>
        <Waveform peaks={peaks.data} played={length === null || length === 0 ? 0 : at / length} />
        <input
          type="range"
          className={styles.place}
          aria-label={t('playback.place')}
          aria-valuetext={
            length === null ? shown(at) : t('playback.at', { at: shown(at), length: shown(length) })
          }
          min={0}
          step="any"
          max={length ?? 0}
          value={at}
          disabled={length === null}
          onKeyDown={onKey}
          onChange={event => seek(sound, Number(event.currentTarget.value))}
        />
      </span>
      <span className={styles.time} aria-hidden>
        {shown(at)} / {length === null ? '–' : shown(length)}
      </span>
      {peaks.isError && <span className={styles.flat}>{t(`playback.noWave.${noWave(peaks.error)}`)}</span>}
    </>
  );
}
