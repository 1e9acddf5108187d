import { expect, test } from 'vitest';
import { ServerClock } from '../../../lib/core/stores/server-clock.ts';

/** A clock that stands where it is put, in milliseconds. */
function clockAt(start: number) {
  const at = { now: start };
  return { at, clock: { now: () => new Date(at.now), sleep: async () => {} } };
}

const header = (milliseconds: number) => new Date(milliseconds).toUTCString();

test('one answer tells the time to half a second and half its journey', () => {
  const { clock } = clockAt(1_000_400);
  const server = new ServerClock(clock);
  expect(server.ahead).toBeUndefined();
  // The server's clock is 60 s ahead; its header drops the 200 ms.
  server.learn(header(1_060_000), 1_000_000, 1_000_400);
  expect(Math.abs((server.ahead ?? 0) - 60_000)).toBeLessThanOrEqual(700);
});

test('many answers tell it better', () => {
  const { at, clock } = clockAt(0);
  const server = new ServerClock(clock);
  for (let step = 0; step < 50; step += 1) {
    at.now = 5_000_000 + step * 137;
    server.learn(header(Math.floor((at.now + 5 + 12_345) / 1000) * 1000), at.now, at.now + 10);
    at.now += 10;
  }
  expect(Math.abs((server.ahead ?? 0) - 12_345)).toBeLessThan(60);
});

test('what is five minutes old is forgotten, and so is what no longer agrees', () => {
  const { at, clock } = clockAt(10_000);
  const server = new ServerClock(clock);
  server.learn(header(10_000), 10_000, 10_000);
  expect(server.ahead).toBe(500);
  at.now = 10_600;
  server.learn(header(90_000), 10_500, at.now);
  expect(server.ahead).toBeGreaterThan(79_000);
  at.now += 5 * 60 * 1000;
  expect(server.ahead).toBeUndefined();
});

test('an answer without a date tells nothing', () => {
  const server = new ServerClock(clockAt(0).clock);
  server.learn(undefined, 0, 0);
  server.learn('yesterday', 0, 0);
  expect(server.ahead).toBeUndefined();
});
