import { PageArena, pageSize } from './page-arena.ts';

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
  /** Bytes in use at once: whole pages of 64 KiB, of which every request takes as many as it needs. */
  readonly limit: number;
  private arena: PageArena | undefined;
  private outsized = false;
  private readonly waiting: Waiter[] = [];

  /** @param limit Bytes in use at once; one request above it is served when nothing else is in use. */
  constructor(limit: number) {
    this.limit = Math.max(1, Math.floor(limit / pageSize)) * pageSize;
  }

  /** @throws the signal's reason when it aborts while waiting. */
  async acquire(size: number, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const slot = this.waiting.length === 0 ? this.grant(size) : undefined;
    if (slot !== undefined) return slot;
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

  /** Undefined when there is no room now. */
  private grant(size: number): Slot | undefined {
    this.arena ??= new PageArena(this.limit / pageSize);
    if (this.outsized) return undefined;
    if (size > this.limit) return this.arena.unused ? this.grantOutsized(size) : undefined;
    const taken = this.arena.take(size);
    return taken && this.slot(taken.bytes, taken.release);
  }

  private grantOutsized(size: number): Slot {
    this.outsized = true;
    return this.slot(new Uint8Array(new SharedArrayBuffer(size)), () => {
      this.outsized = false;
    });
  }

  private slot(bytes: Uint8Array, giveBack: () => void): Slot {
    let held = true;
    return {
      bytes,
      release: () => {
        if (!held) return;
        held = false;
        giveBack();
        this.serve();
      },
    };
  }

  private serve(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const slot = this.grant(next.size);
      if (slot === undefined) return;
      this.waiting.shift();
      next.start(slot);
    }
  }
}
