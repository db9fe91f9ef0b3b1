/** English, of the player: it comes with what is played. */
export const playbackEn = {
  playback: {
    play: 'Play',
    pause: 'Pause',
    back: 'Back 10 seconds',
    on: 'On 10 seconds',
    place: 'Place',
    at: '{{at}} of {{length}}',
    speed: 'Speed',
    times: '{{speed}}×',
    download: 'Download',
    agent: 'Agent',
    customer: 'Customer',
    noWave: {
      damaged: 'The recording is damaged: no waveform.',
      gone: 'The recording is not kept any more.',
      none: 'The waveform could not be loaded.',
    },
  },
} as const;
