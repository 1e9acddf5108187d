import { setTimeout as delay } from 'node:timers/promises';

/** Time as the core sees it, so that tests can hold it still. */
export interface Clock {
  now(): Date;
  /** Resolves after `seconds`; rejects with the signal's reason when it aborts. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(seconds, signal) {
    try {
      await delay(seconds * 1000, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node's own error has the reason as its cause only.
      signal?.throwIfAborted();
      throw error;
    }
  },
};
