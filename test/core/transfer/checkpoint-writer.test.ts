import { expect, test } from 'vitest';
import { CheckpointWriter, TransferTakenOver } from '../../../lib/core/transfer/checkpoint-writer.ts';
import type { TransferCheckpoint } from '../../../lib/core/transfer/transfer-job.ts';

/** A state store that answers when it is told to. */
function slowSlot() {
  const saving: PromiseWithResolvers<boolean>[] = [];
  const offsets: number[] = [];
  return {
    saving,
    offsets,
    load: async () => undefined,
    clear: async () => undefined,
    save({ offset }: TransferCheckpoint) {
      offsets.push(offset);
      const answer = Promise.withResolvers<boolean>();
      saving.push(answer);
      return answer.promise;
    },
  };
}

function at(offset: number): TransferCheckpoint {
  const rest = { uploadId: 'u', partSize: 10, hashState: undefined, crc32c: '', sourceVersion: undefined };
  return { ...rest, offset, source: 'https://upstream.example/x' };
}

async function settled(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise((resolve) => setTimeout(resolve, 10, 'pending'));
  return (await Promise.race([promise.then(() => 'settled'), turn])) === 'settled';
}

test('a transfer that is far ahead of its last checkpoint waits for the state store, and no longer', async () => {
  const slot = slowSlot();
  const writer = new CheckpointWriter(slot, 100, () => undefined);
  await writer.keepUp(1000, 50);
  writer.offer(at(110));
  writer.offer(at(120));
  writer.offer(at(130));
  expect(await settled(writer.keepUp(150, 50))).toBe(true);
  const waiting = writer.keepUp(180, 50);
  expect(await settled(waiting)).toBe(false);
  slot.saving[0]?.resolve(true);
  expect(await settled(waiting)).toBe(false);
  slot.saving[1]?.resolve(true);
  expect(await settled(waiting)).toBe(true);
  expect(slot.offsets).toEqual([110, 130]);
});

test('a checkpoint that cannot be saved ends the wait, and is told once', async () => {
  const slot = slowSlot();
  const failures: unknown[] = [];
  const writer = new CheckpointWriter(slot, 0, (error) => failures.push(error));
  writer.offer(at(10));
  const waiting = writer.keepUp(1000, 50);
  slot.saving[0]?.resolve(false);
  await waiting;
  await writer.settle();
  expect(failures).toEqual([expect.any(TransferTakenOver)]);
});
