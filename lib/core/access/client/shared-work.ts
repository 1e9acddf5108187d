/**
 * Work that several wait for. Each of them may give up; the work itself is given up only when nobody waits any more.
 */
export class SharedWork<T> {
  readonly #given = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#given.signal);
    this.#result.catch(() => undefined); // Whoever waits is told; that nobody does is no fault.
  }

  /** Given up: who comes now needs other work. */
  get abandoned(): boolean {
    return this.#given.signal.aborted;
  }

  /** @throws the work's error, or the reason of the signal */
  async wait(signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    this.#waiting += 1;
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([this.#result, stopped]);
    } finally {
      signal?.removeEventListener('abort', stop);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#given.abort();
    }
  }
}
