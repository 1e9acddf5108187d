import { Refused } from '../errors.ts';
import { releaseName } from '../mirror/release-ref.ts';
import { checkScheme, otherContent } from '../registry/publish-release.ts';
import { collectionOf } from '../registry/registry-entry.ts';
import { checkRecords } from '../stage/check-release.ts';
import type { Survey } from '../stage/survey.ts';
import type { Store } from '../stores/store.ts';
import type { PrimaryRelease } from './primary-release.ts';

/**
 * May a replica receive this release over what it holds? Content decides, as in a primary.
 * @throws Refused for other content, a pruned version, or another scheme of versions.
 * @throws MirrorDamaged when the replica's own records do not hold together.
 */
export function checkReplica(primary: PrimaryRelease, survey: Survey, store: Store): void {
  const { collection, version, record } = primary;
  const { registry, entry, release, sums } = survey;
  checkScheme(
    { collection, versioning: primary.versioning === 'tag' ? 'tag' : 'semver' },
    collectionOf(registry, collection),
  );
  if (entry?.pruned !== undefined) {
    throw new Refused('withdrawn', `${releaseName(collection, version)} was pruned there at ${entry.pruned.at}`);
  }
  if (entry !== undefined && entry.content !== record.content) {
    throw otherContent(collection, version, entry.content, record.content);
  }
  // A replica's record that is gone can be had again byte for byte, unlike a primary's.
  const restorable = release === undefined && entry?.sha256 === primary.sha256.hex;
  checkRecords(restorable ? { ...survey, entry: undefined } : survey, `${collection}/${version}`, store.url);
  if (release !== undefined && release.record.content !== record.content) {
    throw otherContent(collection, version, release.record.content, record.content);
  }
  if (release !== undefined || sums === undefined) return;
  const lines = new Map(sums.map(({ file, sha256 }) => [file, sha256.hex]));
  const same =
    lines.size === record.artifacts.length && record.artifacts.every(({ file, sha256 }) => lines.get(file) === sha256);
  if (same) return;
  throw new Refused('released-content', `${collection}/${version}/SHA256SUMS there decided on other files`, {
    hint: 'Somebody began to publish other content there: take a new version, or remove what they left.',
  });
}

/** @throws Refused when a file is larger than the store can hold: nothing of the release is then worth its transfer. */
export function checkSizes(
  store: Store,
  files: readonly { readonly file: string; readonly size: number | null }[],
): void {
  const { maxObject } = store.limits;
  const large = files.find(({ size }) => (size ?? 0) > maxObject);
  if (large === undefined) return;
  const message = `${large.file} has ${large.size} bytes; ${store.url} holds objects of up to ${maxObject} bytes`;
  throw new Refused('too-large', message, { evidence: { size: large.size ?? 0, maxObject } });
}
