/** A piece of the budget: shared memory, so that hash workers read it without a copy. */
export interface Slot {
  readonly bytes: Uint8Array;
  /** Gives the bytes back; only the first call counts. */
  release(): void;
}

interface Waiter {
  readonly size: number;
  readonly start: (slot: Slot) => void;
}

/**
 * Bounds the memory of all transfers of a process together. Requests are served first come, first served.
 * A transfer asks for its parts in order and holds each until it is written and hashed, so the earliest
 * part of every transfer always has its slot and no two transfers can wait for each other.
 */
export class MemoryBudget {
  readonly limit: number;
  private used = 0;
  private readonly waiting: Waiter[] = [];
  /** Blocks of 1 MiB and more are kept for reuse, because fresh pages cost more than the copy into them. */
  private readonly spare: SharedArrayBuffer[] = [];

  /** @param limit Bytes in use at once; one request above it is served when nothing else is in use. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** @throws the signal's reason when it aborts while waiting. */
  async acquire(size: number, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    if (this.waiting.length === 0 && this.fits(size)) return this.grant(size);
    return await new Promise<Slot>((resolve, reject) => {
      const waiter: Waiter = {
        size,
        start: (slot) => {
          signal.removeEventListener('abort', give);
          resolve(slot);
        },
      };
      const give = () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        reject(signal.reason);
        this.serve();
      };
      signal.addEventListener('abort', give, { once: true });
      this.waiting.push(waiter);
    });
  }

  private fits(size: number): boolean {
    return this.used === 0 || this.used + size <= this.limit;
  }

  private grant(size: number): Slot {
    const block = this.takeSpare(size) ?? this.allocate(size);
    this.used += size;
    let held = true;
    return {
      bytes: new Uint8Array(block),
      release: () => {
        if (!held) return;
        held = false;
        this.used -= size;
        if (size >= 1 << 20) this.spare.push(block);
        this.serve();
      },
    };
  }

  private takeSpare(size: number): SharedArrayBuffer | undefined {
    const index = this.spare.findIndex((block) => block.byteLength === size);
    return index < 0 ? undefined : this.spare.splice(index, 1)[0];
  }

  private allocate(size: number): SharedArrayBuffer {
    let kept = this.spare.reduce((sum, block) => sum + block.byteLength, 0);
    while (kept > 0 && this.used + kept + size > this.limit) kept -= this.spare.shift()?.byteLength ?? 0;
    return new SharedArrayBuffer(size);
  }

  private serve(): void {
    for (let next = this.waiting[0]; next !== undefined && this.fits(next.size); next = this.waiting[0]) {
      this.waiting.shift();
      next.start(this.grant(next.size));
    }
  }
}
