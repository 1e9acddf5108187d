import { randomUUID } from 'node:crypto';
import { Crc32c } from '../digest/crc32c.ts';
import { isRateLimited, unexpected } from './gcs-errors.ts';
import { contentTypeOf, generationOf, newMark, newResource, parseObject, statOf } from './gcs-object.ts';
import { foundInstead, type GcsPlace, lookAt } from './gcs-place.ts';
import { type ObjectAttributes, type PutCondition, type PutResult, StoreError } from './store.ts';

/**
 * Writes a small object in one request under a condition, its CRC32C declared so that GCS refuses other bytes.
 * An attempt whose answer was lost, or that came too soon after another write of the object (429), is made again;
 * the mark that the object carries tells whether an earlier attempt was the one that wrote it.
 */
export async function putObject(
  place: GcsPlace,
  key: string,
  bytes: Uint8Array,
  condition: PutCondition,
  attributes: ObjectAttributes,
): Promise<PutResult> {
  const mark = newMark();
  const generation = 'ifAbsent' in condition ? '0' : generationOf(condition.ifMatch);
  if (generation === undefined) return foundInstead(await lookAt(place, key), key, mark);
  const request = putRequest(place, key, bytes, generation, attributes, mark);
  const { channel } = place;
  let limited = false;
  return await channel.patiently(async () => {
    if (limited) {
      // Reading costs nothing of the object's one write a second: a lost condition is seen without another try.
      const found = await lookAt(place, key);
      if ((found?.generation ?? '0') !== generation) return foundInstead(found, key, mark);
      limited = false;
    }
    const reply = await channel.once(request).catch((error: unknown) => {
      limited = isRateLimited(error);
      throw error;
    });
    // With a generation that is gone, 404 is the same answer as 412.
    if (reply.status === 412 || reply.status === 404) return foundInstead(await lookAt(place, key), key, mark);
    if (reply.status === 400) throw refused(key, bytes.byteLength);
    const object = reply.status === 200 || reply.status === 201 ? parseObject(reply.json()) : undefined;
    if (object === undefined) throw unexpected(reply, channel.context(request));
    return { outcome: 'created', stat: statOf(object, key) };
  });
}

function putRequest(
  { channel, prefix, settings }: GcsPlace,
  key: string,
  bytes: Uint8Array,
  ifGenerationMatch: string,
  attributes: ObjectAttributes,
  mark: string,
) {
  const crc32c = Crc32c.ofBytes(bytes).base64;
  const resource = newResource({ name: prefix + key, attributes, settings, mark, crc32c });
  const boundary = `weighbridge-${randomUUID()}`;
  const head =
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}\r\n` +
    `--${boundary}\r\nContent-Type: ${contentTypeOf(attributes)}\r\n\r\n`;
  return {
    kind: 'put',
    doing: `writing ${key}`,
    method: 'POST',
    at: channel.uploadPath,
    query: { uploadType: 'multipart', ifGenerationMatch, kmsKeyName: settings.kmsKeyName },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
  } as const;
}

/** A request that GCS does not take: bytes that changed on their way, or an attribute that it does not know. */
function refused(key: string, size: number): StoreError {
  return new StoreError(`writing ${key}: the bucket refuses its ${size} bytes as damaged, or one of its attributes`, {
    evidence: { key, status: 400 },
    // Bytes that were damaged on their way arrive whole the next time.
    retryable: true,
  });
}
