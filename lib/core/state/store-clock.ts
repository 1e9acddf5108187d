import type { Clock } from '../clock.ts';
import type { Clocked } from '../stores/store.ts';

/** Seconds after which the store is asked again: clocks drift, and this one may be set. */
const trustedFor = 60;

/** Seconds that an answer may take and still say what the time is. */
const promptly = 5;

/** The time by a store's clock: its difference from the local one is asked for once a minute, not for every look. */
export class StoreClock {
  readonly #store: Clocked;
  readonly #local: Clock;
  #offset: { readonly milliseconds: number; readonly measuredAt: number } | undefined;

  constructor(store: Clocked, local: Clock) {
    this.#store = store;
    this.#local = local;
  }

  async now(): Promise<Date> {
    const before = this.#local.now().getTime();
    const age = this.#offset === undefined ? Number.POSITIVE_INFINITY : before - this.#offset.measuredAt;
    if (this.#offset !== undefined && age >= 0 && age < trustedFor * 1000) {
      return new Date(before + this.#offset.milliseconds);
    }
    const theirs = await this.#store.now();
    const after = this.#local.now().getTime();
    // A process that was stopped in between learned what the time had been.
    if (after - before > promptly * 1000) return new Date(theirs.getTime() + (after - before));
    this.#offset = { milliseconds: theirs.getTime() - before, measuredAt: after };
    return new Date(after + this.#offset.milliseconds);
  }
}
