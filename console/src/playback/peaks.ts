import { useQuery } from '@tanstack/react-query';
import { api, isFailure, need } from '@/api';
import type { Sound } from '.';

/** How loud a sound is along its way. */
export interface Peaks {
  /** Milliseconds. */
  length: number;
  /** One for who left a message; the agent and then the customer of a conversation. Each has values from 0 to 255. */
  channels: { peaks: number[] }[];
}

/** So many parts are asked for: two of the screen's points each where the player is widest. */
const POINTS = 300;

function fetchPeaks({ kind, id, entry }: Sound): Promise<Peaks> {
  const path = { id };
  return kind === 'message'
    ? need(
        api.GET('/api/messages/{id}/peaks', {
          params: { path, query: { entry: entry ?? undefined, points: POINTS } },
        }),
      )
    : need(api.GET('/api/recordings/{id}/peaks', { params: { path, query: { points: POINTS } } }));
}

/** The waveform of a sound. A recording does not change, so it is asked for once. */
export function usePeaks(sound: Sound) {
  return useQuery({
    queryKey: ['peaks', sound.kind, sound.id, sound.entry],
    queryFn: () => fetchPeaks(sound),
    staleTime: Infinity,
    // Where many are asked for at once the server says to come again.
    retry: (count, problem) => count < 3 && (!isFailure(problem) || problem.status === 503),
  });
}

/** Why there is no waveform, as the words for it are named. */
export function noWave(problem: unknown): 'damaged' | 'gone' | 'none' {
  if (isFailure(problem, 'broken_recording')) return 'damaged';
  return isFailure(problem, 'not_found') ? 'gone' : 'none';
}

/** The middle of the drawing, which is 100 high. */
const MIDDLE = 50;

/** So high silence is: a line stays. */
const LEAST = 0.75;

/** How high something is drawn. Ears hear quiet things louder than their samples are high. */
const height = (peak: number) => Math.max(LEAST, Math.sqrt(peak / 255) * (MIDDLE - 3));

/** The outline of a waveform in a drawing as wide as it has points: one side to both directions, or the agent above the customer. */
export function outline({ channels }: Peaks): string {
  const [above = [], below = above] = channels.map(channel => channel.peaks);
  const edge = (peaks: number[], direction: 1 | -1) =>
    peaks.map((peak, at) => `${at + 0.5} ${(MIDDLE + direction * height(peak)).toFixed(2)}`);
  const [top, bottom] = [edge(above, -1), edge(below, 1).reverse()];
  const [start, end] = [`0 ${MIDDLE}`, `${above.length} ${MIDDLE}`];
  return `M${[start, ...top, end, ...bottom].join('L')}Z`;
}
