import { expect, it } from 'vitest';
import { Failure } from '@/api';
import { noWave, outline } from './peaks';

/** The points of an outline. */
const points = (path: string) =>
  path
    .slice(1, -1)
    .split('L')
    .map(point => point.split(' ').map(Number) as [number, number]);

it('draws a message the same to both directions', () => {
  const drawn = points(outline({ length: 1, channels: [{ peaks: [0, 255, 64] }] }));
  expect(drawn).toHaveLength(8);
  expect([drawn[0], drawn[4]]).toEqual([
    [0, 50],
    [3, 50],
  ]);
  const [above, below] = [drawn.slice(1, 4), drawn.slice(5).reverse()];
  for (const [at, [x, y]] of above.entries()) {
    expect(x).toBe(at + 0.5);
    expect((below[at]?.[1] ?? 0) - 50).toBeCloseTo(50 - y);
  }
  const [silent = [0, 0], loud = [0, 0], half = [0, 0]] = above;
  expect(50 - silent[1]).toBeGreaterThan(0);
  expect(loud[1]).toBe(3);
  expect(half[1]).toBeGreaterThan(20);
});

it('draws the agent above the customer', () => {
  const drawn = points(outline({ length: 1, channels: [{ peaks: [255, 0] }, { peaks: [0, 255] }] }));
  const ys = drawn.map(([, y]) => y);
  expect(ys[1]).toBe(3);
  expect(ys[2]).toBeGreaterThan(48);
  // Below it goes back from the right.
  expect(ys[4]).toBe(97);
  expect(ys[5]).toBeLessThan(52);
});

it('knows why there is none', () => {
  const failure = (status: number, code: string) =>
    new Failure(status, { code, message: 'words', problems: [] });
  expect(noWave(failure(409, 'broken_recording'))).toBe('damaged');
  expect(noWave(failure(404, 'not_found'))).toBe('gone');
  expect(noWave(failure(503, 'busy'))).toBe('none');
  expect(noWave(new Error('x'))).toBe('none');
});
