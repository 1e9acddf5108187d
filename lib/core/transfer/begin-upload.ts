import { Crc32c } from '../digest/crc32c.ts';
import type { HashKind, HashStream } from '../digest/hash-pool.ts';
import { isRereadable, type Upload, type UploadRequest } from '../stores/store.ts';
import { heldParts } from './held-parts.ts';
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
  const how: HashKind = hashesNatively(upload, job.size) ? { kind: 'native' } : { kind: 'resumable' };
  const hash = await ports.hashes.open(how);
  return { upload, hash, resumable: how.kind === 'resumable', offset: 0, crc32c: Crc32c.empty };
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
  const prefix = fits ? await continuedFrom(upload, checkpoint, ports) : undefined;
  if (prefix === undefined) {
    await upload.abort();
    return undefined;
  }
  const percent = Math.floor((100 * prefix.offset) / job.size);
  ports.reporter.emit({ type: 'note', message: `${job.id}: goes on from an earlier attempt, at ${percent} %` });
  return { upload, ...prefix };
}

/**
 * What is there and hashed. Where parts can be read back they are, as far as the store still holds them; otherwise
 * the store must hold all that the checkpoint's hash covers, and the same bytes. Undefined: nothing to build upon.
 */
async function continuedFrom(
  upload: Upload,
  checkpoint: TransferCheckpoint,
  ports: TransferPorts,
): Promise<Omit<StartedUpload, 'upload'> | undefined> {
  const { hashState } = checkpoint;
  const { offset, crc32c } = await heldParts(upload, checkpoint.offset);
  if (isRereadable(upload)) {
    if (crc32c === undefined || offset === 0) return undefined;
    const hash = await ports.hashes.open({ kind: 'native' });
    for await (const chunk of upload.readBack({ start: 0, end: offset })) await hash.update(chunk);
    return { hash, resumable: false, offset, crc32c };
  }
  const hashed = Crc32c.fromBase64(checkpoint.crc32c, checkpoint.offset);
  const same = offset === checkpoint.offset && (crc32c === undefined || crc32c.value === hashed.value);
  if (hashState === undefined || !same) return undefined;
  const hash = await ports.hashes.open({ kind: 'resumable', state: Buffer.from(hashState, 'base64') });
  return { hash, resumable: true, offset, crc32c: hashed };
}

function uploadRequest({ size, crc32c, attributes }: TransferJob): UploadRequest {
  return { size, ...(crc32c === undefined ? {} : { crc32c }), ...attributes };
}

/**
 * Native where the prefix can be read again cheaply, or where nothing is worth resuming (four parts and fewer: such
 * an object begins anew after a crash); otherwise the hash whose state a checkpoint can hold.
 */
function hashesNatively(upload: Upload, size: number): boolean {
  return isRereadable(upload) || size <= 4 * upload.partSize;
}
