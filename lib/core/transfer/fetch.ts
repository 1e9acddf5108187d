import type { ByteRange } from '../byte-range.ts';
import { retry } from '../retry.ts';
import { SourceError } from '../sources/source.ts';
import { copyInto } from './copy-into.ts';
import type { TransferJob, TransferPorts } from './transfer-job.ts';

/**
 * Fills `target` with `range` of the source. A broken connection is continued where it ended, in the same
 * retry budget.
 * @throws SourceError when the retries are used up; RangesUnsupported at once.
 */
export async function fetchRange(
  job: TransferJob,
  range: ByteRange,
  target: Uint8Array,
  ports: TransferPorts,
  signal: AbortSignal,
  onBytes: (count: number) => void,
): Promise<void> {
  let at = range.start;
  await retry(
    async () => {
      for await (const chunk of job.source.read({ start: at, end: range.end }, signal)) {
        ports.onFetched(chunk.byteLength);
        if (at + chunk.byteLength > range.end) throw tooLong(job);
        copyInto(target, at - range.start, chunk);
        at += chunk.byteLength;
        onBytes(chunk.byteLength);
      }
      if (at < range.end) throw tooShort(job);
    },
    ports.retry,
    retryDeps(job, ports, signal),
  );
}

/**
 * Fills `target` with the whole object in one request, starting over after a fault.
 * @throws SourceError when the retries are used up.
 */
export async function fetchWhole(
  job: TransferJob,
  target: Uint8Array,
  ports: TransferPorts,
  signal: AbortSignal,
): Promise<void> {
  await retry(
    async () => {
      let at = 0;
      for await (const chunk of job.source.read(undefined, signal)) {
        ports.onFetched(chunk.byteLength);
        if (at + chunk.byteLength > job.size) throw tooLong(job);
        copyInto(target, at, chunk);
        at += chunk.byteLength;
      }
      if (at < job.size) throw tooShort(job);
    },
    ports.retry,
    retryDeps(job, ports, signal),
  );
}

export function retryDeps(job: TransferJob, ports: TransferPorts, signal: AbortSignal) {
  return {
    clock: ports.clock,
    signal,
    onRetry: ({ error, inSeconds }: { error: Error; inSeconds: number }) =>
      ports.reporter.emit({ type: 'retry', id: job.id, reason: error.message, inSeconds }),
  };
}

export function tooLong(job: TransferJob): SourceError {
  return new SourceError('wrong-size', `${job.source.description.source} sent more than ${job.size} bytes`, {
    evidence: { expected: job.size },
  });
}

export function tooShort(job: TransferJob): SourceError {
  return new SourceError('broken', `${job.source.description.source} ended before ${job.size} bytes`, {
    retryable: true,
    evidence: { expected: job.size },
  });
}

export function wrongDigest(job: TransferJob, actual: string): SourceError {
  return new SourceError(
    'wrong-digest',
    `${job.source.description.source} has SHA-256 ${actual}, expected ${job.sha256.hex}`,
    { evidence: { expected: job.sha256.hex, actual } },
  );
}

/** The bytes have the SHA-256 that was expected and not the CRC32C: what declared that one is wrong. */
export function wrongChecksum(job: TransferJob, actual: string): SourceError {
  return new SourceError(
    'wrong-digest',
    `${job.source.description.source} has CRC32C ${actual}, its record says ${job.crc32c}`,
    { evidence: { expected: job.crc32c, actual } },
  );
}
