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
  private latest: TransferCheckpoint | undefined;
  private running: Promise<void> | undefined;

  constructor(slot: CheckpointSlot, onFailure: (error: unknown) => void) {
    this.slot = slot;
    this.onFailure = onFailure;
  }

  offer(checkpoint: TransferCheckpoint): void {
    this.latest = checkpoint;
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
    });
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
      }
    } catch (error) {
      this.latest = undefined;
      this.onFailure(error);
    }
  }
}
