import type { CheckpointStore } from '../state/checkpoint.ts';
import type { CheckpointSlot } from '../transfer/transfer-job.ts';

/** The checkpoint of one destination, for bytes of one expected digest; of any other digest it counts as absent. */
export function checkpointSlot(
  checkpoints: CheckpointStore,
  destination: string,
  object: { readonly key: string; readonly size: number; readonly sha256: string },
): CheckpointSlot {
  return {
    async load() {
      const found = await checkpoints.load(destination);
      if (found === undefined || found.sha256 !== object.sha256 || found.size !== object.size) return undefined;
      const { hashState, sourceVersion } = found;
      return { ...found, hashState, sourceVersion };
    },
    async save({ hashState, sourceVersion, ...checkpoint }) {
      const saved = await checkpoints.save(destination, {
        format: 2,
        ...object,
        ...checkpoint,
        ...(hashState === undefined ? {} : { hashState }),
        ...(sourceVersion === undefined ? {} : { sourceVersion }),
      });
      return saved === 'saved';
    },
    clear: () => checkpoints.clear(destination),
  };
}
