import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ReplicaPlan } from '../replicate/plan-replica.ts';
import type { RequestKind, StoreLimits } from '../stores/store.ts';
import type { Finding } from './inspect.ts';
import type { StageRequest } from './stage-ports.ts';
import type { Survey } from './survey.ts';

/** What `stage` would do about one artifact. */
export interface PlannedArtifact {
  readonly id: string;
  readonly file: string;
  readonly required: boolean;
  readonly action: Finding['kind'];
  /** Bytes; null where nobody says. */
  readonly size: number | null;
  /** Where the bytes would come from: a redacted source, or a key of the store. */
  readonly from: string | null;
  readonly reason: string;
}

/** What `stage` would do, what it costs, and whether it can succeed; the JSON of `plan --json`. */
export interface Plan {
  readonly collection: string;
  readonly version: string;
  readonly store: string;
  /** `new`: nothing published; `present`: nothing to do; `repair`: a published release lacks objects. */
  readonly state: 'new' | 'present' | 'repair';
  /** Would a run publish, as things stand? */
  readonly publishable: boolean;
  readonly artifacts: readonly PlannedArtifact[];
  readonly bytes: { readonly fetch: number; readonly copy: number; readonly present: number };
  /** Requests to the store by kind; an estimate where transfers are retried. */
  readonly requests: Readonly<Partial<Record<RequestKind, number>>>;
  /** Bytes of buffers that transfers hold at most, all together. */
  readonly memoryBound: number;
  readonly warnings: readonly string[];
  /** One per replica; absent where there are none. */
  readonly replicas?: readonly ReplicaPlan[];
}

/** Pure: the same survey and findings always give the same plan. */
export function makePlan(
  request: StageRequest,
  survey: Survey,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  memoryBound: number,
): Plan {
  const { manifest, store } = request;
  const artifacts = manifest.artifacts.map((spec) => planned(spec, findings.get(spec)));
  const sum = (action: Finding['kind']) =>
    artifacts.reduce((total, artifact) => total + (artifact.action === action ? (artifact.size ?? 0) : 0), 0);
  const needed = artifacts.filter(({ action }) => action === 'fetch' || action === 'copy');
  const listed = survey.release !== undefined && survey.entry !== undefined;
  return {
    collection: manifest.collection,
    version: manifest.version,
    store: store.url,
    state: !listed ? 'new' : needed.length === 0 ? 'present' : 'repair',
    publishable:
      artifacts.every(
        ({ action, required, file }) => !blocking.has(action) || !(required || survey.decided?.has(file)),
      ) &&
      // Of optional files alone, none of which can be had, no release is made.
      artifacts.some(({ action }) => !blocking.has(action)),
    artifacts,
    bytes: { fetch: sum('fetch'), copy: sum('copy'), present: sum('present') },
    requests: predictRequests(needed, store.limits, listed),
    memoryBound,
    warnings: request.warnings,
  };
}

/** What keeps an artifact that must be in, and with it the release, from being published. */
const blocking: ReadonlySet<Finding['kind']> = new Set(['damaged', 'unavailable', 'unresolved', 'left-out']);

function planned(spec: ArtifactSpec, finding: Finding | undefined): PlannedArtifact {
  const base = { id: spec.id, file: spec.file, required: spec.required, size: spec.size ?? null };
  if (finding === undefined) return { ...base, action: 'unresolved', from: null, reason: 'not looked at' };
  switch (finding.kind) {
    case 'present':
      return { ...base, action: 'present', size: finding.proven.stat.size, from: null, reason: '' };
    case 'copy':
      return { ...base, action: 'copy', size: finding.from.size, from: finding.from.key, reason: '' };
    case 'fetch': {
      const from = finding.resolved.description.source;
      return { ...base, action: 'fetch', size: finding.size, from, reason: '' };
    }
    case 'damaged':
    case 'unavailable':
    case 'unresolved':
    case 'left-out':
      return { ...base, action: finding.kind, from: null, reason: finding.reason };
  }
}

/** What a store is asked for when it receives these objects. */
export function predictRequests(
  needed: readonly { readonly size: number | null }[],
  limits: StoreLimits,
  listed: boolean,
): Plan['requests'] {
  // registry, and the records that a later publisher would have to read
  const requests = { head: 1, get: 1, list: 1, put: 0, part: 0, complete: 0 };
  for (const { size } of needed) {
    const bytes = size ?? 0;
    if (bytes <= limits.singlePut) requests.put += 1;
    else {
      requests.put += 1;
      requests.part += Math.ceil(bytes / limits.partSize(bytes));
      requests.complete += 1;
    }
  }
  // SHA256SUMS, RELEASE.md, objects.json, release.json, registry.json
  if (!listed) requests.put += 5;
  return requests;
}
