import pLimit, { type LimitFunction } from 'p-limit';
import { artifactKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import { Refused } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import { leftOut } from '../registry/release-set.ts';
import { type ResolvedSource, SourceError } from '../sources/source.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { type CopySource, findCopies, provenCopy } from './find-copies.ts';
import { hashObject } from './hash-object.ts';
import { proofOf } from './object-proofs.ts';
import { pinObject } from './pin-object.ts';
import { SourceWalk } from './source-walk.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';
import type { Survey } from './survey.ts';

/** What is to be done about one artifact. */
export type Finding =
  /** In the store, and proven: by the record of a published release, or by reading it. */
  | { readonly kind: 'present'; readonly proven: ProvenArtifact }
  /** In a published release with other bytes than recorded: never overwritten. */
  | { readonly kind: 'damaged'; readonly reason: string }
  /** The same bytes are elsewhere in the store, or will be once another artifact is staged. */
  | { readonly kind: 'copy'; readonly from: CopySource; readonly walk: SourceWalk }
  /** `resolved` is the source that answered, where one was asked already. */
  | {
      readonly kind: 'fetch';
      readonly walk: SourceWalk;
      readonly resolved?: ResolvedSource;
      readonly size: number;
    }
  | { readonly kind: 'unavailable'; readonly walk: SourceWalk; readonly reason: string }
  /** No digest to prove it by. */
  | { readonly kind: 'unresolved'; readonly reason: string }
  | { readonly kind: 'left-out'; readonly reason: string };

/** Sources asked at the same time. */
const preflights = 16;

/** Finds out, for every artifact, what is there and where the rest can be had; reads no weights from upstream. */
export async function inspect(
  request: StageRequest,
  survey: Survey,
  ports: StagePorts,
): Promise<ReadonlyMap<ArtifactSpec, Finding>> {
  const findings = new Map<ArtifactSpec, Finding>();
  const wanted: ArtifactSpec[] = [];
  const proving = pLimit(2);
  ports.reporter.emit({ type: 'phase', phase: 'survey' });
  await Promise.all(
    request.manifest.artifacts.map(async (spec) => {
      const finding = await lookInStore(spec, request, survey, ports, proving);
      if (finding === undefined) wanted.push(spec);
      else findings.set(spec, finding);
    }),
  );
  const copies = await copySources(request, survey, wanted, findings);
  if (wanted.length > 0) ports.reporter.emit({ type: 'phase', phase: 'preflight' });
  const asking = pLimit(preflights);
  await Promise.all(
    wanted.map(async (spec) => {
      findings.set(spec, await asking(() => lookUpstream(spec, copies.get(spec), request.store, ports)));
    }),
  );
  return findings;
}

/** @returns undefined where it is not in the store. @throws Refused for other bytes under a key that no release records. */
export async function lookInStore(
  spec: ArtifactSpec,
  request: StageRequest,
  survey: Survey,
  ports: StagePorts,
  proving: LimitFunction,
): Promise<Finding | undefined> {
  ports.signal.throwIfAborted();
  const { sha256 } = spec;
  if (sha256 === undefined) {
    return { kind: 'unresolved', reason: 'the manifest has no sha256 for it; run `weighbridge lock`' };
  }
  if (survey.decided !== undefined && !survey.decided.has(spec.file)) {
    return { kind: 'left-out', reason: leftOut };
  }
  const listed = survey.objects.get(spec.file);
  if (listed === undefined) return undefined;
  const recorded = survey.recorded.get(spec.file);
  const size = recorded?.size ?? spec.size;
  const unchanged = recorded !== undefined && survey.objectsRecord[spec.file]?.etag === listed.etag;
  const stat = unchanged ? listed : await proving(() => pinObject(request.store, listed));
  if (stat === undefined) return undefined;
  const proof = unchanged ? undefined : proofOf(request.proofs, stat);
  if (proof?.sha256 === sha256.hex && (size === undefined || stat.size === size)) {
    const { crc32c, origin, stagedAt } = proof;
    return { kind: 'present', proven: { spec, sha256, stat, crc32c, origin, stagedAt } };
  }
  const right =
    (size === undefined || stat.size === size) &&
    (unchanged || (await proving(() => hashObject(request.store, stat, ports))).equals(sha256));
  if (right)
    return {
      kind: 'present',
      proven: provenBefore(spec, sha256, stat, recorded?.crc32c ?? stat.crc32c ?? null, ports.clock),
    };
  const key = artifactKey(request.manifest.collection, request.manifest.version, spec.file);
  if (recorded !== undefined) {
    const reason = `damaged: ${key} in ${request.store.url} does not have the bytes it was published with; remove it and stage again, or restore it`;
    return { kind: 'damaged', reason };
  }
  throw new Refused('released-content', `${key} is in ${request.store.url} already with other bytes`, {
    hint: 'Take a new version; or, if this one was never published, remove that object.',
    evidence: { wanted: sha256.hex },
  });
}

function provenBefore(
  spec: ArtifactSpec,
  sha256: NonNullable<ArtifactSpec['sha256']>,
  stat: ObjectStat,
  crc32c: string | null,
  clock: Clock,
): ProvenArtifact {
  return { spec, sha256, stat, crc32c, origin: null, stagedAt: clock.now() };
}

async function copySources(
  request: StageRequest,
  survey: Survey,
  wanted: readonly ArtifactSpec[],
  findings: ReadonlyMap<ArtifactSpec, Finding>,
): Promise<ReadonlyMap<ArtifactSpec, CopySource>> {
  const { store, manifest } = request;
  const digests = new Map(wanted.map((spec) => [spec.sha256?.hex ?? '', spec.size ?? 0]));
  const found = new Map(await findCopies(store, survey.registry, manifest.collection, digests));
  // What an earlier attempt staged in this very release serves its twins as well.
  for (const finding of findings.values()) {
    if (finding.kind !== 'present') continue;
    const { stat, sha256 } = finding.proven;
    if (!digests.has(sha256.hex)) continue;
    found.set(sha256.hex, { key: stat.key, sha256: sha256.hex, ...provenCopy(finding.proven) });
  }
  const first = new Map<string, ArtifactSpec>();
  const copies = new Map<ArtifactSpec, CopySource>();
  for (const spec of wanted) {
    const digest = spec.sha256?.hex ?? '';
    const elsewhere = found.get(digest);
    const twin = first.get(digest);
    if (elsewhere !== undefined && (spec.size ?? elsewhere.size) === elsewhere.size) copies.set(spec, elsewhere);
    else if (twin === undefined) first.set(digest, spec);
    else {
      const key = artifactKey(manifest.collection, manifest.version, twin.file);
      copies.set(spec, { key, size: spec.size ?? twin.size ?? 0, sha256: digest });
    }
  }
  return copies;
}

async function lookUpstream(
  spec: ArtifactSpec,
  copy: CopySource | undefined,
  store: Store,
  ports: StagePorts,
): Promise<Finding> {
  const walk = new SourceWalk(spec, ports, ports.retry);
  const declared = tooLarge(spec, spec.size, store);
  if (declared !== undefined) return { kind: 'unavailable', walk, reason: declared };
  if (copy !== undefined) return { kind: 'copy', from: copy, walk };
  if (walk.isEmpty) return { kind: 'unresolved', reason: 'the manifest names no source for it' };
  for (let resolved = await walk.resolved(); resolved !== undefined; resolved = await walk.resolved()) {
    const size = spec.size ?? resolved.description.size;
    const excess = tooLarge(spec, size, store);
    if (excess !== undefined) return { kind: 'unavailable', walk, reason: excess };
    if (size !== undefined) return { kind: 'fetch', walk, resolved, size };
    walk.failed(saysNoLength(resolved));
  }
  return { kind: 'unavailable', walk, reason: walk.reason };
}

/**
 * Why the store cannot hold an optional artifact; undefined where it can.
 * @throws Refused for a required one: without it nothing of the release is worth its transfer.
 */
function tooLarge(spec: ArtifactSpec, size: number | undefined, store: Store): string | undefined {
  const { maxObject } = store.limits;
  if (size === undefined || size <= maxObject) return undefined;
  const reason = `${spec.file} has ${size} bytes; ${store.url} holds objects of up to ${maxObject} bytes`;
  if (!spec.required) return reason;
  throw new Refused('too-large', reason, {
    hint: 'Nothing was fetched. Split the file, or name another store with --to.',
    evidence: { size, maxObject },
  });
}

/** Why a source cannot be read: neither it nor the manifest says how many bytes there are. */
export function saysNoLength({ description }: ResolvedSource): SourceError {
  return new SourceError('broken', `${description.source} does not say how long it is`, {
    hint: 'Give the size in the manifest, or run `weighbridge lock`.',
  });
}
