import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { parseBucketUrl } from '../stores/bucket-url.ts';
import { isLocal, type Store } from '../stores/store.ts';
import type { StateStore } from './state-store.ts';

/**
 * Id of one key of one store, under which its checkpoint and its lease are kept: the same however the URL of a
 * bucket is spelled, and on every machine.
 *
 * A folder goes by its URL as written while the state is a folder too: both are found from the working folder, and
 * a project that was moved, or is seen from a container, goes on where it was. In state that machines share the
 * same words name another folder on each of them, so there host and absolute path tell them apart (as a digest).
 */
export function destinationOf(store: Store, key: string, state: Pick<StateStore, 'shared'>): string {
  if (state.shared && isLocal(store)) return destinationId(`${hostname()}\n${store.place}`, key);
  return destinationId(store.url, key);
}

/** The id where the URL alone tells which store it is. */
export function destinationId(storeUrl: string, key: string): string {
  const bucket = parseBucketUrl(storeUrl);
  const place = bucket === undefined ? storeUrl : `${bucket.scheme}://${bucket.bucket}/${bucket.prefix}`;
  return createHash('sha256').update(`${place}\n${key}`).digest('hex');
}
