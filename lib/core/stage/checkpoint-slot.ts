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
      return {
        uploadId: found.uploadId,
        partSize: found.partSize,
        offset: found.hashedTo,
        hashState: found.hashState,
        crc32c: found.crc32c ?? '',
        source: found.source.uri,
        sourceVersion: found.source.version,
      };
    },
    async save({ uploadId, partSize, offset, hashState, crc32c, source, sourceVersion }) {
      const saved = await checkpoints.save(destination, {
        format: 1,
        uploadId,
        partSize,
        ...object,
        writtenTo: offset,
        hashedTo: offset,
        crc32c,
        ...(hashState === undefined ? {} : { hashState }),
        source: { uri: source, ...(sourceVersion === undefined ? {} : { version: sourceVersion }) },
        parts: [],
      });
      return saved === 'saved';
    },
    clear: () => checkpoints.clear(destination),
  };
}
