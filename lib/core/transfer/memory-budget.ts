import { LargeBuffers } from './large-buffers.ts';
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

/** Bytes and how to give them back; undefined when there is no room now. */
type Grant = (size: number) => { readonly bytes: Uint8Array; release(): void } | undefined;

/**
 * Bounds the memory of all transfers of a process together. Requests are served first come, first served.
 * A transfer asks for its parts in order and holds each until it is written and hashed. So of the parts that hold
 * a slot the one that was asked for first never waits for a part without one, also where parts are written in
 * order only, and no two transfers can wait for each other.
 *
 * Parts of which the limit does not hold two (of objects beyond 350 GiB, at the limit that the program has) get
 * memory of their own: two of them at a time, whatever their size, so that one is fetched while the other is
 * written and hashed. They have a queue of their own, and do not keep the parts of other objects waiting.
 */
export class MemoryBudget {
  /** Bytes of ordinary requests in use at once: whole pages of 64 KiB, of which each takes as many as it needs. */
  readonly limit: number;
  private arena: PageArena | undefined;
  private readonly ordinary: Queue;
  private readonly large: Queue;

  /** @param limit Bytes in use at once by requests of up to half of it. */
  constructor(limit: number) {
    this.limit = Math.max(2, Math.floor(limit / pageSize)) * pageSize;
    this.ordinary = new Queue((size) => {
      this.arena ??= new PageArena(this.limit / pageSize);
      return this.arena.take(size);
    });
    const buffers = new LargeBuffers();
    this.large = new Queue((size) => buffers.take(size));
  }

  /** @throws the signal's reason when it aborts while waiting. */
  async acquire(size: number, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    return await (this.isLarge(size) ? this.large : this.ordinary).acquire(size, signal);
  }

  /** The most bytes that are in use at once when no request is for more than `largest`. */
  bound(largest: number): number {
    return this.limit + (this.isLarge(largest) ? 2 * largest : 0);
  }

  private isLarge(size: number): boolean {
    return size > this.limit / 2;
  }
}

/** Those who wait for one kind of memory, in the order in which they came. */
class Queue {
  private readonly grant: Grant;
  private readonly waiting: Waiter[] = [];

  constructor(grant: Grant) {
    this.grant = grant;
  }

  async acquire(size: number, signal: AbortSignal): Promise<Slot> {
    const slot = this.waiting.length === 0 ? this.slot(size) : undefined;
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

  private slot(size: number): Slot | undefined {
    const granted = this.grant(size);
    if (granted === undefined) return undefined;
    let held = true;
    return {
      bytes: granted.bytes,
      release: () => {
        if (!held) return;
        held = false;
        granted.release();
        this.serve();
      },
    };
  }

  private serve(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const slot = this.slot(next.size);
      if (slot === undefined) return;
      this.waiting.shift();
      next.start(slot);
    }
  }
}
