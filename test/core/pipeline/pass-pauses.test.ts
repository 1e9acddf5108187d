import { describe, expect, it } from 'vitest';
import { nextPause, queuePatience } from '../../../lib/core/pipeline/pass-pauses.ts';

/** Events that an execution's history holds, and those of one pass that waits. */
const historyEvents = 25_000;
const eventsOfPass = 9;

describe('the pauses of an item that waits', () => {
  it('begin with seconds and end with minutes', () => {
    expect(nextPause(0, () => 0)).toBe(5);
    expect(nextPause(0, () => 0.999)).toBe(8);
    expect(nextPause(1e6, () => 0)).toBe(300);
    expect(nextPause(1e6, () => 0.999)).toBe(450);
  });

  it('use up no execution, as long as the item has patience', () => {
    let passes = 0;
    for (let waited = 0; waited <= queuePatience; passes += 1) waited += nextPause(waited, () => 0);
    expect(passes * eventsOfPass).toBeLessThan(historyEvents);
  });
});
