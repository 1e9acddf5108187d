import { bucketMissing, unexpected } from './gcs-errors.ts';
import { parseObject, statOf } from './gcs-object.ts';
import type { GcsPlace } from './gcs-place.ts';
import type { ObjectStat } from './store.ts';

/** The most that one answer of `objects.list` holds. */
const pageSize = 1000;

/** Every object below a prefix, without metadata. GCS lists in the order of the names' UTF-8 bytes. */
export async function* listObjects(place: GcsPlace, below: string): AsyncGenerator<ObjectStat> {
  const { channel, prefix } = place;
  const doing = `listing ${place.url}`;
  let pageToken: string | undefined;
  do {
    const request = {
      kind: 'list',
      doing,
      method: 'GET',
      at: channel.objectsPath,
      query: {
        prefix: prefix + below,
        maxResults: String(pageSize),
        fields: 'items(name,size,generation,crc32c),nextPageToken',
        pageToken,
      },
    } as const;
    const reply = await channel.send(request);
    if (reply.status === 404) throw bucketMissing(channel.bucket, doing);
    if (reply.status !== 200) throw unexpected(reply, channel.context(request));
    const page = reply.json() as { items?: unknown[]; nextPageToken?: string };
    for (const item of page.items ?? []) {
      const object = parseObject(item);
      if (object === undefined) throw unexpected(reply, channel.context(request));
      const { metadata: _, ...stat } = statOf(object, object.name.slice(prefix.length));
      yield stat;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && pageToken !== '');
}
