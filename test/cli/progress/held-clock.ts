import type { Clock } from '../../../lib/core/clock.ts';

/** A clock that moves only when told to. */
export class HeldClock implements Clock {
  /** Seconds. */
  time = 1_000_000;

  now(): Date {
    return new Date(this.time * 1000);
  }

  async sleep(seconds: number): Promise<void> {
    this.time += seconds;
  }
}
