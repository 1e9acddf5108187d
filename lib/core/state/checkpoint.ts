import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { StateStore } from './state-store.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

/** How far the transfer of one object came. Written at part boundaries; other formats count as absent. */
export const checkpointSchema = z.object({
  format: z.literal(2),
  /** What `resumeUpload` takes; for some stores as good as a credential. */
  uploadId: z.string(),
  key: z.string(),
  partSize: z.number().int().positive(),
  /** Bytes of the whole object. */
  size: count,
  /** The expected digest of the whole object, lowercase hex. */
  sha256: digest,
  /** The pinned source that the bytes come from. */
  source: z.string(),
  /** The version of the source; absent where upstream has none. */
  sourceVersion: z.string().optional(),
  /** All bytes below this offset are in the upload and in the hash state. */
  offset: count,
  /** SHA-256 state after `offset` bytes, base64; absent where the upload can be read again. */
  hashState: z.string().optional(),
  /** CRC32C of the first `offset` bytes, base64. */
  crc32c: z.string(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/**
 * Checkpoints of transfers, by destination. Every save replaces exactly what this object read or wrote last,
 * so a transfer that was paused and overtaken learns of it at its next checkpoint. One save at a time per destination.
 */
export class CheckpointStore {
  readonly #state: StateStore;
  readonly #tags = new Map<string, string>();

  constructor(state: StateStore) {
    this.#state = state;
  }

  /** Undefined when there is none, or none that this version understands: the transfer then begins anew. */
  async load(destination: string): Promise<Checkpoint | undefined> {
    const document = await this.#state.read(checkpointName(destination));
    if (document === undefined) {
      this.#tags.delete(destination);
      return undefined;
    }
    this.#tags.set(destination, document.tag);
    return checkpointSchema.safeParse(parse(document.text)).data;
  }

  /** `lost`: somebody else wrote since; the transfer is theirs now, and nothing of it may be aborted. */
  async save(destination: string, checkpoint: Checkpoint): Promise<'saved' | 'lost'> {
    const tag = this.#tags.get(destination);
    const condition = tag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: tag };
    const written = await this.#state.write(checkpointName(destination), JSON.stringify(checkpoint), condition);
    if (written === undefined) return 'lost';
    this.#tags.set(destination, written);
    return 'saved';
  }

  /** Removes the checkpoint, unless it is no longer this object's. */
  async clear(destination: string): Promise<void> {
    const tag = this.#tags.get(destination);
    this.#tags.delete(destination);
    if (tag !== undefined) await this.#state.remove(checkpointName(destination), tag);
  }
}

/** Name of a destination's checkpoint in the state store. */
export function checkpointName(destination: string): string {
  return `checkpoints/${createHash('sha256').update(destination).digest('hex')}.json`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
