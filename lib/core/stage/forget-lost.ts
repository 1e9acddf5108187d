import { writeObjectsRecord } from '../registry/publish-release.ts';
import type { ReleaseName } from '../registry/release-set.ts';
import type { Store } from '../stores/store.ts';
import type { Survey } from './survey.ts';

/**
 * Files whose recorded version will be wrong once they are put back, without their tag telling so: S3 makes its tags of
 * the bytes. Elsewhere another object has another tag.
 */
export function lostVersions(
  { kind }: Pick<Store, 'kind'>,
  { release, objectsRecord, objects }: Survey,
): readonly string[] {
  if (kind !== 's3' || release === undefined) return [];
  return Object.entries(objectsRecord)
    .filter(([file, { version }]) => version !== undefined && !objects.has(file))
    .map(([file]) => file);
}

/**
 * Takes what is gone out of `objects.json` before any of it is put back. A run that dies between the two, or that can
 * put back only some of it, would otherwise leave versions there for ever that are no longer the object's, and URLs
 * pinned to them that give nothing.
 * @returns the survey as it is then.
 */
export async function forgetLost(store: Store, release: ReleaseName, survey: Survey): Promise<Survey> {
  const lost = new Set(lostVersions(store, survey));
  if (lost.size === 0) return survey;
  const objectsRecord = Object.fromEntries(Object.entries(survey.objectsRecord).filter(([file]) => !lost.has(file)));
  const written = await writeObjectsRecord(store, release, objectsRecord, survey.objects.get('objects.json')?.etag);
  return { ...survey, objectsRecord, objects: new Map(survey.objects).set('objects.json', written) };
}
