import { createHash } from 'node:crypto';
import { Sha256 } from '../digest/sha256.ts';
import type { Reporter } from '../events.ts';
import { type ResolvedSource, SourceError } from '../sources/source.ts';

/** What the bytes themselves say. */
export interface ComputedDigest {
  readonly sha256: Sha256;
  /** Bytes read. */
  readonly size: number;
}

/**
 * Reads a source once, keeping nothing, and hashes it as it streams. Where upstream publishes a size or a Git blob
 * SHA-1 (small Hugging Face files), the bytes must agree with it.
 * @throws SourceError when the source does not deliver, or delivers something else than it describes.
 */
export async function computeDigest(
  id: string,
  source: ResolvedSource,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ComputedDigest> {
  const { size: declared, gitBlobSha1, source: uri } = source.description;
  const sha256 = createHash('sha256');
  // Git hashes the length first, so without one it cannot be checked as the bytes flow.
  const blob = gitBlobSha1 === undefined || declared === undefined ? undefined : createHash('sha1');
  blob?.update(`blob ${declared}\0`);
  let size = 0;
  for await (const bytes of source.read(undefined, signal)) {
    sha256.update(bytes);
    blob?.update(bytes);
    size += bytes.length;
    reporter.emit({ type: 'progress', id, done: size, total: declared });
  }
  if (declared !== undefined && size !== declared) {
    throw new SourceError('wrong-size', `${uri} sent ${size} bytes, not the ${declared} that it announced`);
  }
  if (blob !== undefined && blob.digest('hex') !== gitBlobSha1) {
    throw new SourceError('wrong-digest', `${uri} sent other bytes than the Git blob ${gitBlobSha1} that it announced`);
  }
  return { sha256: Sha256.of(sha256.digest('hex')), size };
}
