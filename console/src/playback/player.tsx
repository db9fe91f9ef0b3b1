import '@/i18n/playback';
import {
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRewindBackward10,
  IconRewindForward10,
} from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useId, useRef } from 'react';
import { timer, useTranslation } from '@/i18n';
import { IconButton } from '@/ui';
import {
  JUMP,
  SPEEDS,
  type Sound,
  type Speed,
  jump,
  leave,
  playOrPause,
  seek,
  setSpeed,
  usePlayback,
} from '.';
import styles from './player.module.css';

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

/** Where it is. How long it is stands there as soon as it was opened. */
function Place({ sound }: { sound: Sound }) {
  const { t } = useTranslation();
  const own = usePlayback(state => (state.sound === sound.id ? state : null));
  const length = own?.length ?? null;
  const at = own?.at ?? 0;
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
      <span className={styles.time} aria-hidden>
        {shown(at)} / {length === null ? '–' : shown(length)}
      </span>
    </>
  );
}
