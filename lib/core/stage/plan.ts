import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ReplicaPlan } from '../replicate/plan-replica.ts';
import type { RequestKind, StoreLimits } from '../stores/store.ts';
import type { MemoryBudget } from '../transfer/memory-budget.ts';
import type { Finding } from './inspect.ts';
import { findingRequests, predictRequests, type Requests } from './predict-requests.ts';
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
  /** Requests to the primary store by kind, looking included; a run makes more where something is retried. */
  readonly requests: Readonly<Partial<Record<RequestKind, number>>>;
  /** Bytes of buffers that transfers hold at most, all together. */
  readonly memoryBound: number;
  readonly warnings: readonly string[];
  /** One per replica; absent where there are none. */
  readonly replicas?: readonly ReplicaPlan[];
}

/**
 * Pure: the same survey and findings always give the same plan.
 * @param looked Requests that survey and findings took: a run makes them as well.
 */
export function makePlan(
  request: StageRequest,
  survey: Survey,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  memory: Pick<MemoryBudget, 'bound'>,
  looked: Requests = {},
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
    requests: predictRequests(store, survey, findingRequests(findings.values(), store), looked),
    memoryBound: memory.bound(largestPiece(needed, store.limits)),
    warnings: request.warnings,
  };
}

/** Bytes of the largest piece that a transfer holds at a time. */
function largestPiece(needed: readonly PlannedArtifact[], { singlePut, partSize }: StoreLimits): number {
  const sizes = needed.map(({ size }) => size ?? 0);
  return sizes.reduce((most, size) => Math.max(most, size <= singlePut ? size : Math.min(size, partSize(size))), 0);
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
      const from = finding.resolved?.description.source ?? null;
      return { ...base, action: 'fetch', size: finding.size, from, reason: '' };
    }
    case 'damaged':
    case 'unavailable':
    case 'unresolved':
    case 'left-out':
      return { ...base, action: finding.kind, from: null, reason: finding.reason };
  }
}
