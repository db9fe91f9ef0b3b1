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
  },
} as const;
