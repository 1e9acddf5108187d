import { WeighbridgeError } from '../errors.ts';
import type { CheckpointSlot, TransferCheckpoint } from './transfer-job.ts';

/** Another process continues this transfer: whoever sees this stops and aborts nothing. */
export class TransferTakenOver extends WeighbridgeError {
  override readonly name = 'TransferTakenOver';
}

/**
 * Saves checkpoints one at a time; while one is being written only the newest of the later ones is kept.
 * A failure reaches the caller through `onFailure` once.
 */
export class CheckpointWriter {
  private readonly slot: CheckpointSlot;
  private readonly onFailure: (error: unknown) => void;
  private saved: number;
  private latest: TransferCheckpoint | undefined;
  private running: Promise<void> | undefined;

  /** @param offset Bytes that an earlier checkpoint covers. */
  constructor(slot: CheckpointSlot, offset: number, onFailure: (error: unknown) => void) {
    this.slot = slot;
    this.saved = offset;
    this.onFailure = onFailure;
  }

  offer(checkpoint: TransferCheckpoint): void {
    this.latest = checkpoint;
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
  }

  /** Waits while what is offered but not saved leaves `end` more than `distance` bytes beyond the last checkpoint. */
  async keepUp(end: number, distance: number): Promise<void> {
    while (end - this.saved > distance && this.running !== undefined) await this.running;
  }

  /** Waits until what was offered is saved. */
  async settle(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    try {
      for (let next = this.latest; next !== undefined; next = this.latest) {
        this.latest = undefined;
        if (!(await this.slot.save(next))) {
          throw new TransferTakenOver('another process continues this transfer');
        }
        this.saved = next.offset;
      }
    } catch (error) {
      this.latest = undefined;
      this.onFailure(error);
    }
  }
}
