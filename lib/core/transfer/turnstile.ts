/** Lets numbers through one after the other, whatever order they arrive in. */
export class Turnstile {
  private readonly gates = new Map<number, PromiseWithResolvers<void>>();
  private next: number;

  /** @param first The number that may pass at once. */
  constructor(first: number) {
    this.next = first;
  }

  /** Resolves when all numbers before this one have passed. @throws the signal's reason when it aborts first. */
  async reach(number: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (number <= this.next) return;
    const gate = Promise.withResolvers<void>();
    this.gates.set(number, gate);
    const stop = () => gate.reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await gate.promise;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** This number is through: the next one may go. */
  pass(number: number): void {
    this.next = number + 1;
    this.gates.get(this.next)?.resolve();
    this.gates.delete(this.next);
  }
}
