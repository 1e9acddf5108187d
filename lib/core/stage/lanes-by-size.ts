import pLimit from 'p-limit';

/** Objects up to this many bytes are limited by requests, not by bandwidth, and go four times as many at once. */
const small = 1 << 20;

/** Makes work on objects wait for its turn: so many large ones at a time, and four times as many small ones. */
export function lanesBySize(concurrency: number): <T>(size: number, work: () => Promise<T>) => Promise<T> {
  const largeOnes = pLimit(concurrency);
  const smallOnes = pLimit(concurrency * 4);
  return (size, work) => (size <= small ? smallOnes : largeOnes)(work);
}
