import { NotFound } from '../errors.ts';
import { unexpected } from './gcs-errors.ts';
import { generationOf, newMark, newResource, objectFields, parseObject, statOf } from './gcs-object.ts';
import { foundInstead, type GcsPlace, lookAt, removeGeneration } from './gcs-place.ts';
import { changedMeanwhile, type ObjectAttributes, type ObjectStat, type PutResult, StoreError } from './store.ts';

/** A rewrite moves what it can in one call and asks to be called again; 5 TiB at 1 MiB a call, the API's least, fits. */
const mostCalls = 6_000_000;

/**
 * Copies one generation within the bucket, only if the new name is free (`objects.rewrite`). No byte passes here.
 * @throws NotFound when there is no such source; StoreError (retryable) when it is another generation by now.
 */
export async function copyObject(
  place: GcsPlace,
  from: ObjectStat,
  toKey: string,
  attributes: ObjectAttributes,
  signal?: AbortSignal,
): Promise<PutResult> {
  const { channel, prefix, settings } = place;
  const generation = generationOf(from.version ?? from.etag);
  if (generation === undefined || (from.version !== undefined && from.version !== from.etag))
    throw changedMeanwhile(from.key);
  const mark = newMark();
  const resource = newResource({ name: prefix + toKey, attributes, settings, mark });
  const target = channel.objectPath(prefix + toKey).slice('/storage/v1'.length);
  let rewriteToken: string | undefined;
  for (let call = 0; call < mostCalls; call += 1) {
    const request = {
      kind: 'copy',
      doing: `copying ${from.key} to ${toKey}`,
      method: 'POST',
      at: `${channel.objectPath(prefix + from.key)}/rewriteTo${target}`,
      query: {
        ifGenerationMatch: '0',
        sourceGeneration: generation,
        ifSourceGenerationMatch: generation,
        destinationKmsKeyName: settings.kmsKeyName,
        fields: `done,rewriteToken,resource(${objectFields})`,
        rewriteToken,
      },
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: [Buffer.from(JSON.stringify(resource))],
      signal,
    } as const;
    const reply = await channel.send(request);
    if (reply.status === 404) throw new NotFound(`${from.key} is not in ${place.url}`, { evidence: { key: from.key } });
    if (reply.status === 412) {
      const found = await lookAt(place, toKey);
      if (found === undefined) throw changedMeanwhile(from.key);
      return foundInstead(found, toKey, mark);
    }
    if (reply.status !== 200) throw unexpected(reply, channel.context(request));
    const answer = reply.json() as { done?: unknown; rewriteToken?: unknown; resource?: unknown };
    if (answer.done === true) {
      const object = parseObject(answer.resource) ?? (await lookAt(place, toKey));
      if (object === undefined) throw new StoreError(`copying ${from.key} to ${toKey}: it vanished at once`);
      return { outcome: 'created', stat: statOf(object, toKey) };
    }
    if (typeof answer.rewriteToken !== 'string') throw unexpected(reply, channel.context(request));
    rewriteToken = answer.rewriteToken;
  }
  throw new StoreError(`copying ${from.key} to ${toKey} does not come to an end`);
}

/**
 * The same, of a source that has the given CRC32C. Looking first is a proof: a generation never changes, and the
 * rewrite copies exactly that one or nothing. The copy's own checksum is compared as well, since it costs nothing.
 */
export async function copyProvenObject(
  place: GcsPlace,
  from: ObjectStat,
  toKey: string,
  crc32c: string,
  attributes: ObjectAttributes,
  signal?: AbortSignal,
): Promise<PutResult> {
  const generation = generationOf(from.version ?? from.etag);
  if (generation === undefined) throw changedMeanwhile(from.key);
  const known = from.crc32c ?? (await lookAt(place, from.key, { generation }))?.crc32c;
  if (known !== crc32c) {
    const evidence = { key: from.key, expected: crc32c, actual: known };
    throw new StoreError(`${from.key} of ${place.url} does not have the bytes that are to be copied`, { evidence });
  }
  const result = await copyObject(place, from, toKey, attributes, signal);
  if (result.outcome === 'created' && result.stat.crc32c !== undefined && result.stat.crc32c !== crc32c) {
    await removeGeneration(place, toKey, result.stat.etag);
    throw new StoreError(`copying ${from.key} to ${toKey}: the copy had other bytes and was removed`);
  }
  return result;
}
