import { expect, it } from 'vitest';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { SentFiles } from '../../../lib/core/submit/sent-files.ts';
import { HeldClock } from '../../cli/progress/held-clock.ts';

const day = 86_400;

it('remembers what was sent, until a day before the inbox forgets it or somebody found it missing', async () => {
  const clock = new HeldClock();
  const sent = new SentFiles(new MemoryState(), clock, 60);
  expect(await sent.has('a', 5)).toBe(false);
  await sent.add('a', 5);
  await sent.add('a', 5);
  expect(await sent.has('a', 5)).toBe(true);
  expect(await sent.has('a', 6)).toBe(false);
  clock.time += 58.9 * day;
  expect(await sent.has('a', 5)).toBe(true);
  clock.time += 0.2 * day;
  expect(await sent.has('a', 5)).toBe(false);
  await sent.add('a', 5);
  await sent.forget('a');
  expect(await sent.has('a', 5)).toBe(false);
});
