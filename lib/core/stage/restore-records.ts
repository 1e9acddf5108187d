import { notesKey, sumsKey } from '../../contract/keys.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { writeNotes, writeObjectsRecord } from '../registry/publish-release.ts';
import type { ObjectsRecord, Release } from '../registry/records.ts';
import { objectsRecord, type ReleaseDraft } from '../registry/release-draft.ts';
import { writeSums } from '../registry/release-set.ts';
import type { Store } from '../stores/store.ts';
import type { Survey } from './survey.ts';

/**
 * Puts back the records of a published release that follow from its `release.json`: SHA256SUMS, RELEASE.md and
 * this store's own objects.json, which is also brought up to date where objects were put back or the tree was copied.
 * @param draft what was found and put back, complete.
 * @returns notes for the report.
 */
export async function restoreRecords(store: Store, survey: Survey, draft: ReleaseDraft): Promise<readonly string[]> {
  const { release } = survey;
  if (release === undefined) return [];
  const { collection, version } = draft.manifest;
  const notes: string[] = [];
  if (survey.sums === undefined) {
    await writeSums(store, asPublished(draft, release.record));
    notes.push(`${sumsKey(collection, version)} was gone and was put back.`);
  }
  if (!survey.objects.has('RELEASE.md')) {
    await writeNotes(store, asPublished(draft, release.record));
    notes.push(`${notesKey(collection, version)} was gone and was put back.`);
  }
  const objects = objectsRecord(draft.proven);
  if (!saysTheSame(objects, survey.objectsRecord)) {
    await writeObjectsRecord(store, draft.manifest, objects, survey.objects.get('objects.json')?.etag);
  }
  return notes;
}

/** Do two records of objects name the same versions and tags? */
export function saysTheSame(one: ObjectsRecord, other: ObjectsRecord): boolean {
  const files = Object.keys(one);
  return (
    files.length === Object.keys(other).length &&
    files.every((file) => one[file]?.etag === other[file]?.etag && one[file]?.version === other[file]?.version)
  );
}

/** The draft with what the record says of it, whatever has been edited in the manifest since. */
function asPublished(draft: ReleaseDraft, record: Release): ReleaseDraft {
  const manifest: Manifest = {
    ...draft.manifest,
    license: record.license ?? undefined,
    homepage: record.homepage ?? undefined,
    description: record.description ?? undefined,
  };
  const digestFrom = new Map(record.artifacts.map((artifact) => [artifact.file, artifact.digestFrom]));
  const proven = draft.proven.map((one) => {
    const spec = { ...one.spec, digestFrom: digestFrom.get(one.spec.file) ?? one.spec.digestFrom };
    return { ...one, spec };
  });
  return { ...draft, manifest, proven };
}
