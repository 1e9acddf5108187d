import { objectsKey } from '../../../contract/keys.ts';
import { NotFound } from '../../errors.ts';
import { type MirrorReader, readWhole } from '../../mirror/mirror-reader.ts';
import { parseRecord, recordLimit } from '../../mirror/read-record.ts';
import { type ObjectsRecord, objectsSchema } from '../../registry/records.ts';
import { defaultRetryPolicy, type RetryDeps, retry } from '../../retry.ts';
import type { Presigning, Store } from '../../stores/store.ts';
import type { HandedOutUrl } from './handed-out-url.ts';
import type { UrlsWish } from './urls-of-api.ts';

/**
 * URLs of a release that the caller's own credentials for the store sign, each pinned to the version that
 * `objects.json` recorded.
 * @throws NotAuthorised, UsageError for a life that is none, StoreError
 */
export async function urlsOfStore(
  store: Store & Presigning,
  reader: MirrorReader,
  { release, artifacts = release.artifacts, expiresIn }: UrlsWish,
  deps: RetryDeps,
): Promise<readonly HandedOutUrl[]> {
  const objects = await retry(() => readObjects(reader, release, deps.signal), defaultRetryPolicy, deps);
  const urls: HandedOutUrl[] = [];
  for (const { file, path, size, sha256 } of artifacts) {
    const version = objects[file]?.version;
    const { url, expiresAt } = await retry(
      () =>
        store.presign(path, {
          expiresIn,
          fileName: file.slice(file.lastIndexOf('/') + 1),
          ...(version === undefined ? {} : { version }),
        }),
      defaultRetryPolicy,
      deps,
    );
    urls.push({ file, url, expiresAt: expiresAt.toISOString(), size, sha256, store: store.kind });
  }
  return urls;
}

/** A store that has lost it still has the files: then their newest versions are signed, and the digest judges. */
async function readObjects(
  reader: MirrorReader,
  { collection, version }: { readonly collection: string; readonly version: string },
  signal: AbortSignal,
): Promise<ObjectsRecord> {
  const key = objectsKey(collection, version);
  try {
    const bytes = await readWhole(reader, key, recordLimit, signal);
    return parseRecord(bytes, objectsSchema, 'weighbridge/objects/1', `${key} of ${reader.url}`);
  } catch (error) {
    if (error instanceof NotFound) return {};
    throw error;
  }
}
