import { copiedPartSize, gcsLimits, partCount } from '../stores/part-sizes.ts';
import type { RequestKind, Store } from '../stores/store.ts';
import { rangeSize } from '../transfer/multipart-transfer.ts';
import { copiesByItself } from './find-copies.ts';
import { lostVersions } from './forget-lost.ts';
import type { Finding } from './inspect.ts';
import type { Survey } from './survey.ts';

export type Requests = Readonly<Partial<Record<RequestKind, number>>>;

/**
 * Requests to a store of a run in which nothing is retried and nobody interferes, by kind.
 * @param moved What each object that is brought into it takes.
 * @param looked What was asked already in order to know what is there; every run asks the same.
 */
export function predictRequests(store: Store, survey: Survey, moved: readonly Requests[], looked: Requests): Requests {
  const listed = survey.release !== undefined && survey.entry !== undefined;
  const claim: Requests = survey.registry === undefined ? { list: 1, put: 1 } : {};
  const records = listed ? restored(store, survey, moved.length > 0) : published;
  // Uploads that dead runs left behind. GCS keeps no list of sessions.
  const clearing: Requests = store.kind === 'gcs' ? {} : { list: 1 };
  return sumOf([looked, claim, ...moved, records, clearing]);
}

/** SHA256SUMS, RELEASE.md, objects.json, release.json; and the registry, read again and replaced. */
const published: Requests = { put: 5, get: 1 };

/** What is gone of a published release's records, and objects.json where objects are put back: before, and after. */
function restored(store: Store, survey: Survey, moved: boolean): Requests {
  const forgotten = moved && lostVersions(store, survey).length > 0;
  const renewed = moved && (forgotten || changesTags(store, survey));
  const gone = [survey.sums === undefined, !survey.objects.has('RELEASE.md'), forgotten, renewed];
  return { put: gone.filter(Boolean).length };
}

/** What bringing in what the findings lack takes, an entry for each. */
export function findingRequests(findings: Iterable<Finding>, store: Store): readonly Requests[] {
  return [...findings].flatMap((finding) => requestsFor(finding, store) ?? []);
}

/** What the primary is asked for an object that a replica receives. */
export function copyRequests(size: number, replica: Store): Requests {
  // What the run staged itself it knows; of large objects the version is asked, so that a later run can go on.
  const look = size <= replica.limits.singlePut ? 0 : 1;
  return sumOf([{ head: look }, readRequests(size, replica)]);
}

/** What reading an object takes that a transfer copies into `to`. */
function readRequests(size: number, { limits }: Store): Requests {
  return { get: size <= limits.singlePut ? 1 : rangeCount(size, limits.partSize(size)) };
}

/** S3 makes its tags of the bytes: without versions, what is put back has the tag that was recorded. */
function changesTags({ kind }: Store, { objectsRecord }: Survey): boolean {
  return kind !== 's3' || Object.values(objectsRecord).some(({ version }) => version !== undefined);
}

function requestsFor(finding: Finding, store: Store): Requests | undefined {
  if (finding.kind === 'fetch') return uploadRequests(finding.size, store);
  if (finding.kind !== 'copy') return undefined;
  const { size } = finding.from;
  if (copiesByItself(store, size)) return sumOf([{ head: 1 }, serverCopy(size, store)]);
  return sumOf([{ head: 1 }, readRequests(size, store), uploadRequests(size, store)]);
}

/**
 * What a transfer into a store takes. How the stores count: S3 lists its parts before it completes; a GCS session is
 * completed by the last 256 KiB or less, which are held back.
 */
export function uploadRequests(size: number, { kind, limits }: Store): Requests {
  if (size <= limits.singlePut) return { put: 1 };
  const parts = partCount(size, limits.partSize(size));
  // Before the first part: did another run finish it while this one waited for its lease?
  const look = 1;
  switch (kind) {
    case 's3':
      return { head: look, put: 1, part: parts, list: pages(parts), complete: 1 };
    case 'gcs': {
      const last = size - (parts - 1) * limits.partSize(size);
      return { head: look, put: 1, part: last > gcsLimits.chunkMultiple ? parts : parts - 1, complete: 1 };
    }
    case 'directory':
    case 'memory':
      return { head: look, part: parts, complete: 1 };
  }
}

/** S3 proves a copy by making it of parts. */
function serverCopy(size: number, { kind }: Store): Requests {
  return kind === 's3' ? { copy: 1 + partCount(size, copiedPartSize(size)), complete: 1 } : { copy: 1 };
}

/** Parts and keys come by the thousand. */
function pages(count: number): number {
  return Math.max(1, Math.ceil(count / 1000));
}

/** Ranges that a transfer reads: a part ends at a multiple of its size, a range also at every multiple of 8 MiB. */
export function rangeCount(size: number, partSize: number): number {
  const bothEnd = lowestCommonMultiple(partSize, rangeSize);
  const inner = (step: number) => partCount(size, step) - 1;
  return inner(partSize) + inner(rangeSize) - inner(bothEnd) + 1;
}

function lowestCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

export function sumOf(all: readonly Requests[]): Requests {
  const sum: Partial<Record<RequestKind, number>> = {};
  for (const each of all) {
    for (const [kind, count] of Object.entries(each) as [RequestKind, number][]) {
      if (count > 0) sum[kind] = (sum[kind] ?? 0) + count;
    }
  }
  return sum;
}

/** What was asked between two readings of a store's counter. */
export function requestsSince(before: Requests, after: Requests): Requests {
  const kinds = Object.entries(after) as [RequestKind, number][];
  return Object.fromEntries(kinds.map(([kind, count]) => [kind, count - (before[kind] ?? 0)]));
}
