import { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { canonicalJson } from '../registry/canonical-json.ts';
import { contentIdentity } from '../registry/content.ts';
import { checkScheme, otherContent } from '../registry/publish-release.ts';
import type { Release } from '../registry/records.ts';
import { collectionOf } from '../registry/registry-entry.ts';
import { checkAgreement } from '../registry/release-set.ts';
import type { SumsLine } from '../registry/sha256sums.ts';
import type { Survey } from './survey.ts';

/**
 * May this manifest be staged over what the store holds? Content decides: labels, sources and comments may differ.
 * @throws Refused for another access class, other content, a pruned version, or another scheme of versions.
 * @throws MirrorDamaged when the records of a published release do not hold together.
 */
export function checkRelease(manifest: Manifest, survey: Survey, storeUrl: string): void {
  const name = `${manifest.collection}@${manifest.version}`;
  const { registry, entry, release, sums } = survey;
  if (registry !== undefined && registry.access !== manifest.access) {
    throw new Refused('access-class', `${storeUrl} holds ${registry.access} releases; ${name} is ${manifest.access}`, {
      hint: `Name a store for ${manifest.access} releases with --to, or in weighbridge.yaml.`,
    });
  }
  checkScheme(manifest, collectionOf(registry, manifest.collection));
  if (entry?.pruned !== undefined) {
    throw new Refused('withdrawn', `${name} was pruned at ${entry.pruned.at}; its name is never used again`, {
      hint: 'Take a new version.',
    });
  }
  checkRecords(survey, `${manifest.collection}/${manifest.version}`, storeUrl);
  if (release !== undefined) {
    checkContent(manifest, release.record);
    if (entry !== undefined && entry.content !== release.record.content) {
      throw otherContent(manifest.collection, manifest.version, entry.content, release.record.content);
    }
  } else if (sums !== undefined) checkAgreement(manifest, sums);
}

/**
 * A release whose records contradict each other must not be called present, nor be judged by a record that was edited.
 * @throws MirrorDamaged
 */
export function checkRecords({ entry, release, sums }: Survey, at: string, storeUrl: string): void {
  const hint = 'Restore it from a copy of the mirror; it cannot be made again.';
  if (release === undefined) {
    if (entry === undefined) return;
    throw new MirrorDamaged(`${at}/release.json of ${storeUrl}, which the registry names, is gone`, { hint });
  }
  const { artifacts, content } = release.record;
  if (entry !== undefined && entry.sha256 !== release.sha256.hex) {
    throw new MirrorDamaged(`${at}/release.json of ${storeUrl} is not the one that the registry names`, {
      hint,
      evidence: { expected: entry.sha256, actual: release.sha256.hex },
    });
  }
  if (contentIdentity(artifacts).hex !== content) {
    throw new MirrorDamaged(`${at}/release.json of ${storeUrl} contradicts itself: its files are not its content`, {
      hint,
    });
  }
  if (sums !== undefined && !sayTheSame(sums, artifacts)) {
    throw new MirrorDamaged(`${at}/SHA256SUMS of ${storeUrl} says something else than its release.json`, {
      hint: 'Remove it and run the same command again: it is written anew from release.json.',
    });
  }
}

function sayTheSame(sums: readonly SumsLine[], artifacts: Release['artifacts']): boolean {
  const lines = new Map(sums.map(({ file, sha256 }) => [file, sha256.hex]));
  return sums.length === artifacts.length && artifacts.every(({ file, sha256 }) => lines.get(file) === sha256);
}

function checkContent(manifest: Manifest, release: Release): void {
  checkAgreement(
    manifest,
    // Digests of a release record were validated when it was read.
    release.artifacts.map(({ file, sha256 }) => ({ file, sha256: Sha256.of(sha256) })),
  );
  const name = `${manifest.collection}@${manifest.version}`;
  const known = new Set([...release.artifacts, ...release.missing].map(({ file }) => file));
  const added = manifest.artifacts.find(({ file }) => !known.has(file));
  if (added !== undefined) {
    throw new Refused('released-content', `${name} is published without ${added.file}; a release never changes`, {
      hint: 'Take a new version: what is published stays as it is.',
    });
  }
  const sizes = new Map(manifest.artifacts.map((spec) => [spec.file, spec.size]));
  for (const { file, size } of release.artifacts) {
    const wanted = sizes.get(file);
    if (wanted !== undefined && wanted !== size) {
      throw new Refused('released-content', `${name} is published with ${file} of ${size} bytes, not ${wanted}`, {
        hint: 'Correct the size, or take a new version.',
        evidence: { published: size, wanted },
      });
    }
  }
}

/** What the manifest says differently from the published record without changing content: notes for the report. */
export function recordDifferences(manifest: Manifest, release: Release): readonly string[] {
  const notes: string[] = [];
  const differs = (what: string, a: unknown, b: unknown) => {
    if (canonicalJson(a ?? null) !== canonicalJson(b ?? null)) notes.push(what);
  };
  differs('license', manifest.license, release.license);
  differs('homepage', manifest.homepage, release.homepage);
  differs('description', manifest.description, release.description);
  differs('metadata', manifest.metadata, release.metadata);
  const recorded = new Map(release.artifacts.map((artifact) => [artifact.file, artifact]));
  for (const spec of manifest.artifacts) {
    const artifact = recorded.get(spec.file);
    if (artifact === undefined) continue;
    for (const field of ['id', 'aliases', 'kind', 'required', 'labels', 'metadata'] as const) {
      differs(`${field} of ${spec.file}`, spec[field], artifact[field]);
    }
  }
  if (notes.length === 0) return [];
  const shown = notes.slice(0, 5).join(', ') + (notes.length > 5 ? ` and ${notes.length - 5} more` : '');
  return [`The manifest now differs from the published record in ${shown}; the record stays as published.`];
}
