import { act, cleanup, fireEvent, render as draw, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { anAgent } from '@/live/fixture';
import { useLive } from '@/live';
import { useNotices } from '@/notices';
import { Themed } from '@/ui';
import { messageOf, playOrPause, recordingOf, seek, usePlayback, within } from '.';
import Player from './player';

/** What jsdom does not have: an element that plays as it is told. */
const elements: HTMLAudioElement[] = [];

function begin(this: HTMLAudioElement) {
  if (!elements.includes(this)) elements.push(this);
  Object.defineProperty(this, 'paused', { value: false, configurable: true });
  this.onplay?.(new Event('play'));
  return Promise.resolve();
}

function stop(this: HTMLAudioElement) {
  Object.defineProperty(this, 'paused', { value: true, configurable: true });
  this.onpause?.(new Event('pause'));
}

beforeEach(() => {
  vi.spyOn(window.HTMLMediaElement.prototype, 'play').mockImplementation(begin);
  vi.spyOn(window.HTMLMediaElement.prototype, 'pause').mockImplementation(stop);
});

afterEach(() => {
  elements[0]?.pause();
  cleanup();
});

const render = (shown: ReactNode) => draw(<Themed>{shown}</Themed>);

const own = () => {
  const [element] = elements;
  if (element === undefined) throw new Error('nothing has played');
  return element;
};

/** The element has read how long it is. */
function isLong(seconds: number): void {
  Object.defineProperty(own(), 'duration', { value: seconds, configurable: true });
  act(() => own().ondurationchange?.(new Event('durationchange')));
}

it('asks for a message with its entry, and for nothing before somebody presses', async () => {
  const sound = messageOf('msg_1', 'cbr_1');
  expect(sound.address).toBe('/api/messages/msg_1/audio?entry=cbr_1');
  expect(messageOf('msg_1', null).address).toBe('/api/messages/msg_1/audio');
  expect(recordingOf('rec_1').address).toBe('/api/recordings/rec_1/audio');
  render(<Player sound={sound} name="Message 1" />);
  expect(usePlayback.getState().sound).toBeNull();
  expect(screen.getByRole<HTMLInputElement>('slider').disabled).toBe(true);
  fireEvent.click(screen.getByRole('button', { name: 'Play, Message 1' }));
  await screen.findByRole('button', { name: 'Pause, Message 1' });
  expect(own().getAttribute('src')).toBe(sound.address);
});

it('goes where it is told, by keys as well, and never out of the sound', async () => {
  const sound = recordingOf('rec_2');
  render(<Player sound={sound} name="Mia" />);
  await act(() => playOrPause(sound));
  isLong(65.4);
  const place = screen.getByRole<HTMLInputElement>('slider', { name: 'Place' });
  const at = () => usePlayback.getState().at;
  fireEvent.change(place, { target: { value: '30' } });
  expect([at(), own().currentTime]).toEqual([30, 30]);
  expect(place.getAttribute('aria-valuetext')).toBe('0:30 of 1:05');
  fireEvent.click(screen.getByRole('button', { name: 'On 10 seconds' }));
  expect(at()).toBe(40);
  fireEvent.keyDown(place, { key: 'ArrowLeft' });
  expect(at()).toBe(39);
  for (let times = 0; times < 3; times += 1) fireEvent.keyDown(place, { key: 'PageUp' });
  expect(at()).toBe(65.4);
  seek(sound, -5);
  expect(at()).toBe(0);
  expect(usePlayback.getState().playing).toBe(true);
  fireEvent.keyDown(place, { key: ' ' });
  expect(usePlayback.getState().playing).toBe(false);
});

it('keeps the speed from one sound to the next', async () => {
  const [one, other] = [recordingOf('rec_3'), recordingOf('rec_4')];
  await act(() => playOrPause(one));
  render(<Player sound={other} name="Mia" />);
  fireEvent.change(screen.getByRole('combobox', { name: 'Speed' }), { target: { value: '1.5' } });
  expect(own().playbackRate).toBe(1.5);
  await act(() => playOrPause(other));
  expect([own().defaultPlaybackRate, own().playbackRate]).toEqual([1.5, 1.5]);
});

it('stops when its page is left, and when the phone rings', async () => {
  const sound = recordingOf('rec_5');
  const { unmount } = render(<Player sound={sound} name="Mia" />);
  await act(() => playOrPause(sound));
  unmount();
  expect(usePlayback.getState().playing).toBe(false);
  await playOrPause(sound);
  const me = { user: 'mia', role: 'agent', agent: '2014', groups: null } as const;
  act(() => useLive.setState({ me, agents: new Map([['2014', anAgent('2014', { state: 'ringing' })]]) }));
  expect(usePlayback.getState().playing).toBe(false);
});

it('says that something does not play, and forgets it', async () => {
  await act(() => playOrPause(recordingOf('rec_6')));
  act(() => void (own().onerror as () => void)());
  expect(usePlayback.getState()).toMatchObject({ sound: null, playing: false });
  expect(useNotices.getState().notices.at(-1)?.title).toMatch(/^It does not play/);
});

it('stays inside of what is known of a sound', () => {
  expect([within(-1, 9), within(10, 9), within(10, null)]).toEqual([0, 9, 10]);
});
