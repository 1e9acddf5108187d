import { Crc32c } from '../digest/crc32c.ts';
import type { HashKind, HashStream } from '../digest/hash-pool.ts';
import { isRereadable, type RereadableUpload, type Upload, type UploadRequest } from '../stores/store.ts';
import type { TransferCheckpoint, TransferJob, TransferPorts } from './transfer-job.ts';

/** An upload that is ready for its next part, with the hash of what it holds already. */
export interface StartedUpload {
  readonly upload: Upload;
  readonly hash: HashStream;
  readonly resumable: boolean;
  /** Bytes that an earlier attempt left written and hashed. */
  readonly offset: number;
  readonly crc32c: Crc32c;
}

/** Continues the checkpoint if it still fits, else begins anew; an upload that no longer fits is aborted. */
export async function beginUpload(job: TransferJob, ports: TransferPorts): Promise<StartedUpload> {
  const checkpoint = await job.checkpoints.load();
  if (checkpoint !== undefined) {
    const continued = await continueUpload(job, checkpoint, ports);
    if (continued !== undefined) return continued;
    await job.checkpoints.clear();
  }
  return await beginAnew(job, ports);
}

/** Begins at byte zero whatever a checkpoint says. */
export async function beginAnew(job: TransferJob, ports: TransferPorts): Promise<StartedUpload> {
  const upload = await job.store.beginUpload(job.key, uploadRequest(job));
  const how = hashKind(upload, job.size, undefined);
  const hash = await ports.hashes.open(how);
  return { upload, hash, resumable: how.kind === 'resumable', offset: 0, crc32c: Crc32c.empty };
}

function uploadRequest({ size, crc32c, attributes }: TransferJob): UploadRequest {
  return { size, ...(crc32c === undefined ? {} : { crc32c }), ...attributes };
}

async function continueUpload(
  job: TransferJob,
  checkpoint: TransferCheckpoint,
  ports: TransferPorts,
): Promise<StartedUpload | undefined> {
  const upload = await job.store.resumeUpload(job.key, checkpoint.uploadId, uploadRequest(job));
  if (upload === undefined) return undefined;
  const { description } = job.source;
  const fits =
    checkpoint.partSize === upload.partSize &&
    checkpoint.offset <= job.size &&
    checkpoint.source === description.source &&
    // Without a version nothing tells whether upstream still has the same bytes; the digest decides at the end.
    checkpoint.sourceVersion === description.version;
  const how = hashKind(upload, job.size, checkpoint.hashState);
  if (!fits || how === undefined) {
    await upload.abort();
    return undefined;
  }
  const percent = Math.floor((100 * checkpoint.offset) / job.size);
  ports.reporter.emit({ type: 'note', message: `${job.id}: goes on from an earlier attempt, at ${percent} %` });
  const crc32c = Crc32c.fromBase64(checkpoint.crc32c, checkpoint.offset);
  const hash = await ports.hashes.open(how);
  if (isRereadable(upload)) await rehash(upload, checkpoint.offset, hash);
  return { upload, hash, resumable: how.kind === 'resumable', offset: checkpoint.offset, crc32c };
}

/**
 * Native where the prefix can be read again cheaply or nothing is worth resuming (a few parts); otherwise the
 * hash whose state a checkpoint can hold. Undefined: a checkpoint without the state that it would need.
 */
function hashKind(upload: Upload, size: number, state: undefined): HashKind;
function hashKind(upload: Upload, size: number, state: string | undefined): HashKind | undefined;
function hashKind(upload: Upload, size: number, state: string | undefined): HashKind | undefined {
  if (isRereadable(upload)) return { kind: 'native' };
  if (state !== undefined) return { kind: 'resumable', state: Buffer.from(state, 'base64') };
  return size <= 4 * upload.partSize ? { kind: 'native' } : { kind: 'resumable' };
}

async function rehash(upload: RereadableUpload, offset: number, hash: HashStream): Promise<void> {
  for await (const chunk of upload.readBack({ start: 0, end: offset })) await hash.update(chunk);
}
