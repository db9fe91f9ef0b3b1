import { useId, useMemo } from 'react';
import { useTranslation } from '@/i18n';
import { type Peaks, outline } from './peaks';
import styles from './waveform.module.css';

interface WaveformProps {
  /** None where they are not there, or not yet. */
  peaks: Peaks | undefined;
  /** How much of it has been played, from 0 to 1. */
  played: number;
}

/** How loud a sound is along its way, what was played of it darker; a flat line where that is not known. */
export function Waveform({ peaks, played }: WaveformProps) {
  const clip = useId();
  const points = peaks?.channels[0]?.peaks.length ?? 1;
  const drawn = useMemo(() => (peaks === undefined ? 'M0 49.25H1V50.75H0Z' : outline(peaks)), [peaks]);
  return (
    <svg
      className={styles.wave}
      viewBox={`0 0 ${points} 100`}
      preserveAspectRatio="none"
      aria-hidden
      data-wave={peaks === undefined ? 'flat' : peaks.channels.length}
    >
      <clipPath id={clip}>
        <rect width={points * played} height={100} />
      </clipPath>
      <path className={styles.rest} d={drawn} />
      <path className={styles.played} d={drawn} clipPath={`url(#${clip})`} />
    </svg>
  );
}

/** Whose half is whose, beside the drawing. */
export function Sides() {
  const { t } = useTranslation();
  return (
    <span className={styles.sides}>
      <span>{t('playback.agent')}</span>
      <span>{t('playback.customer')}</span>
    </span>
  );
}
