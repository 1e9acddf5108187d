import type { Clock } from '../../lib/core/clock.ts';
import { HashPool } from '../../lib/core/digest/hash-pool.ts';
import type { CoreEvent } from '../../lib/core/events.ts';
import { MemoryBudget } from '../../lib/core/transfer/memory-budget.ts';
import type { CheckpointSlot, TransferCheckpoint, TransferPorts } from '../../lib/core/transfer/transfer-job.ts';

/** Waits nothing, so that retries do not slow a test down; time still moves. */
export const hastyClock: Clock = {
  now: () => new Date(),
  async sleep(_seconds, signal) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  },
};

export interface TestPorts extends TransferPorts {
  readonly events: CoreEvent[];
  fetched(): number;
}

/** Ports of a transfer with everything recorded; close `hashes` afterwards. */
export function transferPorts(more: Partial<TransferPorts> = {}): TestPorts {
  const events: CoreEvent[] = [];
  let fetched = 0;
  return {
    clock: hastyClock,
    hashes: new HashPool(2),
    memory: new MemoryBudget(64 << 20),
    reporter: { emit: (event) => events.push(event) },
    signal: new AbortController().signal,
    retry: { attempts: 4, base: 0.01, cap: 0.1, budget: 10 },
    ranges: 4,
    onFetched: (bytes) => {
      fetched += bytes;
    },
    events,
    fetched: () => fetched,
    ...more,
  };
}

export interface KeptCheckpoint extends CheckpointSlot {
  current: TransferCheckpoint | undefined;
  readonly saves: TransferCheckpoint[];
}

export function keptCheckpoint(): KeptCheckpoint {
  const slot: KeptCheckpoint = {
    current: undefined,
    saves: [],
    load: async () => slot.current,
    async save(checkpoint) {
      slot.current = checkpoint;
      slot.saves.push(checkpoint);
      return true;
    },
    async clear() {
      slot.current = undefined;
    },
  };
  return slot;
}

/** Bytes without a period that a part size could hide. */
export function patternBytes(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < size; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}
