import { type GcsObject, parseObject, statOf } from './gcs-object.ts';
import { foundInstead, type GcsPlace, lookAt, removeGeneration } from './gcs-place.ts';
import type { GcsProgress } from './gcs-progress.ts';
import { type PutResult, StoreError } from './store.ts';

/** What the object of a session must turn out to be. */
export interface FinishedObject {
  readonly place: GcsPlace;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Names this session's own write. */
  readonly mark: string;
  /** Base64, of the whole. */
  readonly crc32c: string | undefined;
}

export interface LastPart {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * Sends the last part of a session with the checksum of the whole, which makes the object visible or nothing. Whenever
 * the answer was lost, or was a refusal, the object itself is asked before the session is believed.
 * @throws StoreError with `freshUpload` where the bytes are refused or the session is gone.
 */
export async function finishSession(
  progress: GcsProgress,
  last: LastPart,
  wanted: FinishedObject,
  signal: AbortSignal,
): Promise<PutResult> {
  const attempt = async (): Promise<PutResult> => {
    if (progress.finishing) {
      const found = await lookAt(wanted.place, wanted.key, { signal });
      if (found !== undefined) return await judge(found, wanted);
    }
    // A session without bytes is finished by being asked, so it is sent to instead.
    if (wanted.size > 0) await progress.settle(signal);
    while (!progress.lost) {
      const state = await progress.finish(last.start, last.bytes, wanted.crc32c, signal);
      if (state.kind === 'finished') {
        const object = parseObject(state.reply.json()) ?? (await lookAt(wanted.place, wanted.key, { signal }));
        if (object === undefined) throw new StoreError(`completing ${wanted.key}: it vanished at once`);
        return await prove(object, wanted);
      }
      if (state.kind === 'gone' || state.kind === 'refused') {
        return await afterRefusal(progress, state.kind, wanted, signal);
      }
      progress.take(state);
    }
    return foundInstead(await lookAt(wanted.place, wanted.key, { signal }), wanted.key, wanted.mark);
  };
  return await wanted.place.channel.patiently(attempt, signal);
}

/** Whatever the status said: what is there decides. */
async function afterRefusal(
  progress: GcsProgress,
  kind: 'gone' | 'refused',
  wanted: FinishedObject,
  signal: AbortSignal,
): Promise<PutResult> {
  const { key, crc32c, place } = wanted;
  const found = await lookAt(place, key, { signal });
  if (found !== undefined) return await judge(found, wanted);
  if (kind === 'gone') progress.take({ kind });
  await progress.session.cancel();
  const message = `completing ${key}: the bucket refuses bytes that do not have the checksum of the whole`;
  throw new StoreError(message, { freshUpload: true, evidence: { key, expected: crc32c } });
}

async function judge(found: GcsObject, wanted: FinishedObject): Promise<PutResult> {
  return found.mark === wanted.mark ? await prove(found, wanted) : foundInstead(found, wanted.key, wanted.mark);
}

/** A server that does not look at the checksum is found out here, and what it made is taken away again. */
async function prove(object: GcsObject, { place, key, size, crc32c }: FinishedObject): Promise<PutResult> {
  const wrongSum = crc32c !== undefined && object.crc32c !== undefined && object.crc32c !== crc32c;
  if (object.size === size && !wrongSum) return { outcome: 'created', stat: statOf(object, key) };
  await removeGeneration(place, key, object.generation);
  const evidence = { key, expected: crc32c, actual: object.crc32c, size: object.size };
  const message = `completing ${key}: the bucket made an object of other bytes, which was removed`;
  throw new StoreError(message, { freshUpload: true, evidence });
}
