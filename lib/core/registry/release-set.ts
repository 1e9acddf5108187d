import { sumsKey } from '../../contract/keys.ts';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { recordLimit } from '../mirror/read-record.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { forever } from './cache-control.ts';
import type { MissingArtifact, ReleaseDraft } from './release-draft.ts';
import { formatSums, parseSums, type SumsLine } from './sha256sums.ts';

/** What a manifest, a record and a listing all know of a release. */
export interface ReleaseName {
  readonly collection: string;
  readonly version: string;
}

/** What `SHA256SUMS` of a release says; undefined when nobody wrote it yet. @throws Refused when it is not ours. */
export async function readSums(
  store: Store,
  { collection, version }: ReleaseName,
): Promise<readonly SumsLine[] | undefined> {
  const key = sumsKey(collection, version);
  const bytes = (await store.get(key, recordLimit))?.bytes;
  if (bytes === undefined) return undefined;
  const lines = parseSums(Buffer.from(bytes).toString());
  if (lines === undefined) {
    throw new StoreError(`${key} of ${store.url} is damaged: it is not in sha256sum's format`, {
      hint: 'Restore it; or remove it and run the same command again.',
    });
  }
  return lines;
}

/** Writes `SHA256SUMS`. False: there is one already. */
export async function writeSums(store: Store, draft: ReleaseDraft): Promise<boolean> {
  const { collection, version } = draft.manifest;
  const text = formatSums(draft.proven.map(({ spec, sha256 }) => ({ file: spec.file, sha256 })));
  const attributes = {
    contentType: 'text/plain; charset=utf-8',
    cacheControl: forever,
  };
  const put = await store.put(sumsKey(collection, version), Buffer.from(text), { ifAbsent: true }, attributes);
  return put.outcome === 'created';
}

/**
 * Writes `SHA256SUMS`, which decides for ever which optional artifacts are in. Where another publisher was
 * first, its choice is adopted if every line agrees with this manifest and nothing required is absent.
 * @throws Refused when it does not agree.
 */
export async function decideSet(store: Store, draft: ReleaseDraft): Promise<ReleaseDraft> {
  const { manifest } = draft;
  const key = sumsKey(manifest.collection, manifest.version);
  if (await writeSums(store, draft)) return draft;
  const lines = await readSums(store, manifest);
  if (lines === undefined) throw new StoreError(`${key} appeared and vanished`);
  checkAgreement(manifest, lines);
  const chosen = new Set(lines.map(({ file }) => file));
  const staged = new Set(draft.proven.map(({ spec }) => spec.file));
  const absent = lines.find(({ file }) => !staged.has(file));
  if (absent !== undefined) {
    throw new StoreError(`${key} names ${absent.file}, which this run could not stage`, {
      retryable: true,
      hint: 'Run the same command again: another publisher staged it.',
    });
  }
  const late: MissingArtifact[] = draft.proven
    .filter(({ spec }) => !chosen.has(spec.file))
    .map(({ spec }) => ({ spec, reason: leftOut }));
  return {
    ...draft,
    proven: draft.proven.filter(({ spec }) => chosen.has(spec.file)),
    missing: [...draft.missing, ...late],
  };
}

/** Why an optional artifact is not in a release whose set was decided without it. */
export const leftOut = 'this version was published without it';

/** @throws Refused unless every line is in the manifest with that digest, and every required artifact has a line. */
export function checkAgreement(manifest: Manifest, lines: readonly SumsLine[]): void {
  const name = `${manifest.collection}@${manifest.version}`;
  const specs = new Map(manifest.artifacts.map((spec) => [spec.file, spec]));
  const hint = 'Take a new version: the files of this one are decided.';
  for (const { file, sha256 } of lines) {
    const spec = specs.get(file);
    if (spec === undefined) {
      throw new Refused('released-content', `${name} holds ${file}, which the manifest does not name`, { hint });
    }
    if (spec.sha256 !== undefined && !spec.sha256.equals(sha256)) {
      throw new Refused('released-content', `${name} holds ${file} with other bytes than the manifest names`, {
        hint,
        evidence: { published: sha256.hex, wanted: spec.sha256.hex },
      });
    }
  }
  const decided = new Set(lines.map(({ file }) => file));
  const lacking = manifest.artifacts.find((spec) => spec.required && !decided.has(spec.file));
  if (lacking !== undefined) {
    throw new Refused('released-content', `${name} was published without ${lacking.file}, which is required now`, {
      hint,
    });
  }
}
