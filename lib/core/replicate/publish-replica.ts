import { notesKey, releaseKey, sumsKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import { forever } from '../registry/cache-control.ts';
import { otherContent, syncStore, writeObjectsRecord } from '../registry/publish-release.ts';
import { type ObjectsRecord, releaseSchema } from '../registry/records.ts';
import { saysTheSame } from '../stage/restore-records.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import type { Survey } from '../stage/survey.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { listReplica } from './list-replica.ts';
import type { PrimaryRelease } from './primary-release.ts';

/**
 * Writes what a replica lacks of a release's records, in the order that keeps its readers from ever meeting a
 * dangling reference: SHA256SUMS, RELEASE.md, its own objects.json, release.json, its own registry. All but the
 * two that are its own are the primary's bytes.
 * @param objects complete: every artifact is there and proven.
 * @returns notes for the report.
 * @throws Refused when another publisher came first with other content.
 */
export async function publishReplica(
  primary: PrimaryRelease,
  store: Store,
  survey: Survey,
  objects: ObjectsRecord,
  ports: Pick<StagePorts, 'clock' | 'signal'>,
): Promise<readonly string[]> {
  const notes: string[] = [];
  const { collection, version } = primary;
  // Artifacts must survive a power cut before any record names them.
  await syncStore(store);
  ports.signal.throwIfAborted();
  if (survey.sums === undefined) await writeSums(primary, store);
  if (!survey.objects.has('RELEASE.md') && !(await writeNotes(primary, store))) {
    notes.push(`${notesKey(collection, version)} of ${store.url} is not the primary's; it stays as it is.`);
  }
  if (!saysTheSame(objects, survey.objectsRecord)) {
    await writeObjectsRecord(store, primary, objects, survey.objects.get('objects.json')?.etag);
  }
  await syncStore(store);
  ports.signal.throwIfAborted();
  const sha256 = survey.release?.sha256 ?? (await writeRelease(primary, store));
  if (!sha256.equals(primary.sha256)) {
    notes.push(`${store.url} had this content before, published on its own: its release.json stays as it is.`);
  }
  await syncStore(store);
  ports.signal.throwIfAborted();
  await listReplica(primary, store, survey, sha256, ports);
  await syncStore(store);
  return notes;
}

async function writeSums(primary: PrimaryRelease, store: Store): Promise<void> {
  const key = sumsKey(primary.collection, primary.version);
  const bytes = await primary.shared('SHA256SUMS');
  if (await putSame(store, key, bytes, 'text/plain; charset=utf-8')) return;
  throw new Refused('released-content', `${key} of ${store.url} names other files than the primary's`, {
    hint: 'Take a new version: the files of this one are decided there.',
  });
}

async function writeNotes(primary: PrimaryRelease, store: Store): Promise<boolean> {
  const key = notesKey(primary.collection, primary.version);
  return await putSame(store, key, await primary.shared('RELEASE.md'), 'text/markdown; charset=utf-8');
}

/** False: something else is there. */
async function putSame(store: Store, key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
  const put = await store.put(key, bytes, { ifAbsent: true }, { contentType, cacheControl: forever });
  if (put.outcome === 'created') return true;
  const present = (await store.get(key, recordLimit))?.bytes;
  if (present === undefined) throw new StoreError(`${key} of ${store.url} appeared and vanished`);
  return Buffer.compare(present, bytes) === 0;
}

/** @returns the SHA-256 of the record that is there now: the primary's, or one that says the same of the content. */
async function writeRelease(primary: PrimaryRelease, store: Store): Promise<Sha256> {
  const { collection, version, record } = primary;
  const key = releaseKey(collection, version);
  if (await putSame(store, key, primary.bytes, 'application/json')) return primary.sha256;
  const present = (await store.get(key, recordLimit))?.bytes;
  if (present === undefined) throw new StoreError(`${key} of ${store.url} appeared and vanished`);
  const theirs = parseRecord(present, releaseSchema, 'weighbridge/release/1', `${key} of ${store.url}`);
  if (theirs.content !== record.content) throw otherContent(collection, version, theirs.content, record.content);
  return Sha256.ofBytes(present);
}
