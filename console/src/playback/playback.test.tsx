import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, fireEvent, render as draw, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@/api';
import { anAgent, anEntry } from '@/live/fixture';
import { useLive } from '@/live';
import { spoken } from '@/i18n';
import { useNotices } from '@/notices';
import { Themed } from '@/ui';
import { fileOf, messageOf, playOrPause, recordingOf, seek, usePlayback, within } from '.';
import { HeardBy } from './heard-by';
import { useMarked } from './heard';
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

/** What the server is asked, and what it answers: nothing is there unless a test says so. */
let answers: Record<string, [number, unknown]> = {};
const asked: string[] = [];

interface Init {
  params: { path: { id: string }; query?: Record<string, string | number | undefined> };
}

function answered(path: string, { params }: Init) {
  const address = path.replace('{id}', params.path.id);
  const query = Object.entries(params.query ?? {}).filter(([, value]) => value !== undefined);
  asked.push([address, ...query.map(([name, value]) => `${name}=${value}`)].join(' '));
  const [status, body] = answers[address] ?? [
    404,
    { code: 'not_found', message: 'it is not there', problems: [] },
  ];
  const response = new Response(null, { status });
  return Promise.resolve(status === 200 ? { data: body, response } : { error: body, response });
}

beforeEach(() => {
  answers = {};
  asked.length = 0;
  vi.spyOn(api, 'GET').mockImplementation(answered as never);
  vi.spyOn(api, 'POST').mockImplementation(answered as never);
  vi.spyOn(window.HTMLMediaElement.prototype, 'play').mockImplementation(begin);
  vi.spyOn(window.HTMLMediaElement.prototype, 'pause').mockImplementation(stop);
});

afterEach(() => {
  elements[0]?.pause();
  cleanup();
});

const render = (shown: ReactNode) =>
  draw(
    <QueryClientProvider client={new QueryClient()}>
      <Themed>{shown}</Themed>
    </QueryClientProvider>,
  );

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
  expect(useNotices.getState().notices.at(-1)?.title(spoken.t)).toMatch(/^It does not play/);
});

it('stays inside of what is known of a sound', () => {
  expect([within(-1, 9), within(10, 9), within(10, null)]).toEqual([0, 9, 10]);
});

const TWO = { length: 8_000, channels: [{ peaks: [0, 255] }, { peaks: [255, 0] }] };

it('draws both sides of a conversation, and knows how long it is before it is opened', async () => {
  const sound = recordingOf('rec_7');
  answers['/api/recordings/rec_7/peaks'] = [200, TWO];
  const { container } = render(<Player sound={sound} name="Mia" />);
  await screen.findByText('Agent');
  expect(screen.getByText('Customer')).toBeTruthy();
  expect(container.querySelector('[data-wave="2"]')).not.toBeNull();
  const place = screen.getByRole<HTMLInputElement>('slider');
  expect([place.disabled, place.max]).toEqual([false, '8']);
  expect(usePlayback.getState().sound).not.toBe('rec_7');
  expect(asked).toEqual(['/api/recordings/rec_7/peaks points=300']);
  fireEvent.change(place, { target: { value: '2' } });
  const played = () => container.querySelector('clipPath rect')?.getAttribute('width');
  expect(played()).toBe('0.5');
});

it('says why there is no waveform, and shows a flat line', async () => {
  answers['/api/messages/msg_8/peaks'] = [
    409,
    { code: 'broken_recording', message: 'it breaks off', problems: [] },
  ];
  const { container } = render(<Player sound={messageOf('msg_8', 'cbr_8')} name="Message 1" />);
  await screen.findByText('The recording is damaged: no waveform.');
  expect(container.querySelector('[data-wave="flat"]')).not.toBeNull();
  expect(screen.getByRole<HTMLInputElement>('slider').disabled).toBe(true);
  expect(asked).toEqual(['/api/messages/msg_8/peaks entry=cbr_8 points=300']);
});

it('offers the file to who may take it away', async () => {
  const sound = messageOf('msg_9', 'cbr_9');
  expect(fileOf(sound)).toBe('/api/messages/msg_9/audio?entry=cbr_9&download=true');
  expect(fileOf(recordingOf('rec_9'))).toBe('/api/recordings/rec_9/audio?download=true');
  const me = { user: 'mia', role: 'agent', agent: '2014', groups: null } as const;
  act(() => useLive.setState({ me: { ...me, may: ['see_numbers'] } }));
  render(<Player sound={sound} name="Message 1" />);
  expect(screen.queryByRole('link')).toBeNull();
  act(() => useLive.setState({ me: { ...me, may: ['download'] } }));
  const link = screen.getByRole('link', { name: 'Download, Message 1' });
  expect(link.getAttribute('href')).toBe(fileOf(sound));
  await screen.findByText('The recording is not kept any more.');
});

/** The element has come to this moment while it plays. */
function comesTo(seconds: number): void {
  own().currentTime = seconds;
  act(() => own().ontimeupdate?.(new Event('timeupdate')));
}

const heardAnswer = (id: string) => ({
  ...anEntry(`cbr_of_${id}`, { messages: [id] }),
  heard: [{ message: id, by: '2014', at: Date.now() }],
});

it('marks a message once three quarters of it were played, and no conversation', async () => {
  const sound = messageOf('msg_10', 'cbr_10');
  answers['/api/messages/msg_10/heard'] = [200, heardAnswer('msg_10')];
  await act(() => playOrPause(sound));
  isLong(8);
  comesTo(5.9);
  expect(asked).toEqual([]);
  comesTo(6);
  comesTo(7);
  expect(asked).toEqual(['/api/messages/msg_10/heard']);
  await vi.waitFor(() => expect(useMarked.getState().marked.get('msg_10')?.by).toBe('2014'));
  await act(() => playOrPause(recordingOf('rec_10')));
  isLong(8);
  comesTo(7);
  expect(asked).toHaveLength(1);
});

it('says that a message is new until somebody marks it, and who was the first', async () => {
  const me = { user: 'mia', role: 'agent', agent: '2014', groups: null } as const;
  act(() => useLive.setState({ me }));
  const sound = messageOf('msg_11', 'cbr_11');
  render(<HeardBy entry={anEntry('cbr_11', { messages: ['msg_11'] })} sound={sound} />);
  screen.getByText('New');
  fireEvent.click(screen.getByRole('button', { name: 'Mark as heard' }));
  await vi.waitFor(() =>
    expect(useNotices.getState().notices.at(-1)?.title(spoken.t)).toMatch(/could not be marked/),
  );
  screen.getByText('New');
  answers['/api/messages/msg_11/heard'] = [200, heardAnswer('msg_11')];
  fireEvent.click(screen.getByRole('button', { name: 'Mark as heard' }));
  await screen.findByText(/^heard by .+ at \d\d:\d\d$/);
  expect(screen.queryByText('New')).toBeNull();
});
