import type { Clock } from '../../../../lib/core/clock.ts';

/** A clock that stands still until it is moved. */
export class HeldClock implements Clock {
  #now: Date;

  constructor(now = new Date('2026-05-04T03:02:01.500Z')) {
    this.#now = now;
  }

  now(): Date {
    return this.#now;
  }

  pass(seconds: number): void {
    this.#now = new Date(this.#now.getTime() + seconds * 1000);
  }

  async sleep(seconds: number): Promise<void> {
    this.pass(seconds);
  }
}
