import { Crc32c } from '../digest/crc32c.ts';
import { Sha256 } from '../digest/sha256.ts';
import { RangesUnsupported } from '../sources/source.ts';
import { StoreError } from '../stores/store.ts';
import { beginAnew, beginUpload, type StartedUpload } from './begin-upload.ts';
import { fetchWhole, wrongChecksum, wrongDigest } from './fetch.ts';
import { type MovedBytes, moveAsStream, moveByRanges } from './multipart-transfer.ts';
import type { CheckpointSlot, TransferJob, TransferPorts, TransferResult } from './transfer-job.ts';

/**
 * Copies one object from a source to a store, and makes it visible only if its size and SHA-256 are what the
 * job says. Small objects go in one conditional put, others by a resumable upload.
 * @throws SourceError when the source does not deliver these bytes; the upload is aborted if they were wrong,
 * and kept with its checkpoint if they were merely cut off, so that a later call continues.
 * @throws StoreError, TransferTakenOver, or the signal's reason; the checkpoint stays.
 */
export async function transferObject(job: TransferJob, ports: TransferPorts): Promise<TransferResult> {
  ports.signal.throwIfAborted();
  return job.size <= job.store.limits.singlePut ? await putSmall(job, ports) : await upload(job, ports);
}

/** Below this a digest on the spot costs less than a message to a worker and back. */
const hashInline = 1 << 20;

async function putSmall(job: TransferJob, ports: TransferPorts): Promise<TransferResult> {
  const slot = await ports.memory.acquire(job.size, ports.signal);
  try {
    await fetchWhole(job, slot.bytes, ports, ports.signal);
    const sha256 = await digest(slot.bytes, ports);
    if (!sha256.equals(job.sha256)) throw wrongDigest(job, sha256.hex);
    const crc32c = Crc32c.ofBytes(slot.bytes);
    checkDeclared(job, crc32c);
    ports.signal.throwIfAborted();
    const put = await job.store.put(job.key, slot.bytes, { ifAbsent: true }, job.attributes);
    ports.reporter.emit({ type: 'progress', id: job.id, done: job.size, total: job.size });
    return { put, crc32c };
  } finally {
    slot.release();
  }
}

async function digest(bytes: Uint8Array, ports: TransferPorts): Promise<Sha256> {
  if (bytes.byteLength <= hashInline) return Sha256.ofBytes(bytes);
  const stream = await ports.hashes.open({ kind: 'native' });
  await stream.update(bytes);
  return await stream.digest();
}

async function upload(job: TransferJob, ports: TransferPorts): Promise<TransferResult> {
  const started = await beginUpload(job, ports);
  const result = await moveOrLose(job, started, ports);
  if ('put' in result) return result;
  // What an earlier attempt had left may be what is wrong (a power cut, another writer): once more from zero
  // before the source is blamed. The same where the store has lost the upload.
  const again =
    'lost' in result || started.offset > 0 ? await moveAndSeal(job, await beginAnew(job, ports), ports) : result;
  if ('put' in again) return again;
  throw wrongDigest(job, again.wrong.hex);
}

/**
 * `lost`: the upload expired, somebody aborted it, or the store wants every part again (S3 answers a completion with
 * 409 when a delete of the key came between), and there is no object that would explain it.
 */
async function moveOrLose(
  job: TransferJob,
  started: StartedUpload,
  ports: TransferPorts,
): Promise<TransferResult | { readonly wrong: Sha256 } | { readonly lost: true }> {
  try {
    return await moveAndSeal(job, started, ports);
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof StoreError && error.freshUpload)) throw error;
    const stat = await job.store.head(job.key);
    if (stat !== undefined) {
      await job.checkpoints.clear();
      return { put: { outcome: 'exists', stat } };
    }
    ports.reporter.emit({ type: 'note', message: `${job.id}: begins anew: ${error.message}` });
    await started.upload.abort();
    await job.checkpoints.clear();
    return { lost: true };
  }
}

/** `wrong`: the bytes had that digest; the upload is aborted and its checkpoint cleared. */
async function moveAndSeal(
  job: TransferJob,
  first: StartedUpload,
  ports: TransferPorts,
): Promise<TransferResult | { readonly wrong: Sha256 }> {
  const { checkpoints, known } = noting(job.checkpoints, first.offset > 0);
  try {
    return await sealIfRight(job, await move({ ...job, checkpoints }, first, ports), ports);
  } catch (error) {
    // What no checkpoint names, nobody can continue. The rest is kept for a later attempt, which must find it free.
    if (!known()) await first.upload.abort().catch(() => undefined);
    await first.upload.detach?.();
    throw error;
  }
}

/** Notes whether somebody else can know of the upload: also when nobody can tell whether its checkpoint was saved. */
function noting(
  slot: CheckpointSlot,
  before: boolean,
): { readonly checkpoints: CheckpointSlot; readonly known: () => boolean } {
  let known = before;
  const checkpoints: CheckpointSlot = {
    load: () => slot.load(),
    clear: () => slot.clear(),
    async save(checkpoint) {
      const knownBefore = known;
      known = true;
      const saved = await slot.save(checkpoint);
      if (!saved) known = knownBefore;
      return saved;
    },
  };
  return { checkpoints, known: () => known };
}

async function sealIfRight(
  job: TransferJob,
  { moved, started }: { readonly moved: MovedBytes; readonly started: StartedUpload },
  ports: TransferPorts,
): Promise<TransferResult | { readonly wrong: Sha256 }> {
  if (!moved.sha256.equals(job.sha256)) {
    await started.upload.abort();
    await job.checkpoints.clear();
    return { wrong: moved.sha256 };
  }
  await checkSealed(job, moved, started);
  ports.signal.throwIfAborted();
  const seal = { size: job.size, sha256: moved.sha256.hex, crc32c: moved.crc32c.base64 };
  const put = await started.upload.complete(seal, ports.signal);
  await job.checkpoints.clear();
  return { put, crc32c: moved.crc32c };
}

async function checkSealed(job: TransferJob, moved: MovedBytes, started: StartedUpload): Promise<void> {
  try {
    checkDeclared(job, moved.crc32c);
  } catch (error) {
    await started.upload.abort();
    await job.checkpoints.clear();
    throw error;
  }
}

/** @throws SourceError when the bytes are not those of the checksum that the job knows. */
function checkDeclared(job: TransferJob, { base64 }: Crc32c): void {
  if (job.crc32c !== undefined && job.crc32c !== base64) throw wrongChecksum(job, base64);
}

async function move(
  job: TransferJob,
  started: StartedUpload,
  ports: TransferPorts,
): Promise<{ readonly moved: MovedBytes; readonly started: StartedUpload }> {
  if (job.source.ranges) {
    try {
      return { started, moved: await moveByRanges(job, started, ports) };
    } catch (error) {
      if (!(error instanceof RangesUnsupported)) throw error;
    }
  }
  started.hash.drop();
  await started.upload.abort();
  await job.checkpoints.clear();
  return await moveAsStream(job, () => beginAnew(job, ports), ports);
}
