import { NotAuthorised, NotFound, WeighbridgeError } from '../errors.ts';
import { WrongSize } from '../mirror/mirror-errors.ts';
import { hashBytes } from '../mirror/paced-hash.ts';
import { parallelRead } from '../mirror/parallel-read.ts';
import type { ObjectsRecord, ReleaseArtifact } from '../registry/records.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { addFinding, type VerifyContext } from './verify-context.ts';

/** `valid` was hashed; `unproven` only looks right; `invalid` left a finding. */
export interface VerifiedArtifact {
  readonly state: 'valid' | 'unproven' | 'invalid';
  readonly bytesHashed: number;
}

/** Re-reads one artifact, or with `quick` asks only what its store says about it. */
export async function verifyArtifact(
  context: VerifyContext,
  release: string,
  artifact: ReleaseArtifact,
  objects: ObjectsRecord | undefined,
): Promise<VerifiedArtifact> {
  const { reader, reporter, signal } = context;
  const { id, file, path, size } = artifact;
  let hashed = 0;
  reporter.emit({ type: 'artifact-started', id, bytes: size, source: undefined });
  const finish = (state: VerifiedArtifact['state'], reason?: string): VerifiedArtifact => {
    const event = {
      type: 'artifact-finished',
      id,
      state,
      bytes: hashed,
    } as const;
    reporter.emit(reason === undefined ? event : { ...event, reason });
    return { state, bytesHashed: hashed };
  };
  const bad = (
    kind: Parameters<typeof addFinding>[1],
    message: string,
    expected?: string | number,
    actual?: string | number,
  ) => {
    const details = { ...(expected === undefined ? {} : { expected }), ...(actual === undefined ? {} : { actual }) };
    addFinding(context, kind, file, message, { release, ...details });
    return finish('invalid', message);
  };
  try {
    const stat = await retry(() => reader.head(path, signal), defaultRetryPolicy, context);
    if (stat === undefined) return bad('missing', `${path} is listed and not there`, size);
    if (stat.size !== undefined && stat.size !== size) throw new WrongSize(path, size, stat.size);
    if (context.quick) return quickResult();
    const bytes = parallelRead(reader, {
      key: path,
      size,
      from: 0,
      clock: context.clock,
      signal,
      onRetry: (reason, inSeconds) => reporter.emit({ type: 'retry', id, reason, inSeconds }),
    });
    const actual = await hashBytes(bytes, size, context.hashes, (done) => {
      hashed = done;
      reporter.emit({ type: 'progress', id, done, total: size });
    });
    if (actual.hex === artifact.sha256) return finish('valid');
    return bad(
      'digest',
      `${path} holds other bytes than were proven: sha256 ${actual.hex}`,
      artifact.sha256,
      actual.hex,
    );

    function quickResult(): VerifiedArtifact {
      const crc32c = stat?.crc32c;
      if (crc32c !== undefined && artifact.crc32c !== null && crc32c !== artifact.crc32c) {
        return bad('digest', `${path} is stored with another CRC32C than was proven`, artifact.crc32c, crc32c);
      }
      context.checksums.set(path, { release, file, crc32c });
      const checked = crc32c !== undefined && artifact.crc32c !== null;
      const claimed = stat?.claimedSha256?.hex;
      if (claimed !== undefined && claimed !== artifact.sha256) {
        return bad('digest', `${path} is announced with another sha256 than was proven`, artifact.sha256, claimed);
      }
      const recorded = objects !== undefined && Object.hasOwn(objects, file) ? objects[file]?.etag : undefined;
      if (!checked && claimed === undefined && recorded !== stat?.etag) {
        context.notes.push(`${path}: its size is right; nothing stored tells if its bytes are: verify without --quick`);
      }
      return finish('unproven');
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WrongSize) {
      const how = error.actual < error.expected ? 'truncated' : 'too long';
      return bad('size', `${path} is ${how}: ${error.actual} of ${error.expected} bytes`, error.expected, error.actual);
    }
    if (error instanceof NotFound) return bad('missing', `${path} is listed and not there`, size);
    if (error instanceof NotAuthorised) return bad('refused', error.message);
    if (error instanceof WeighbridgeError) return bad('unreadable', `${path} cannot be read: ${error.message}`);
    throw error;
  }
}
