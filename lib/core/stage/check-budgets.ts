import { artifactKey } from '../../contract/keys.ts';
import { Refused } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { CheckpointStore } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import { isCapacityLimited, StoreError } from '../stores/store.ts';
import type { Finding } from './inspect.ts';
import type { Plan } from './plan.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/** @throws Refused when more would be fetched than the run may. */
export function checkBytes(plan: Plan, maxBytes: number | undefined): void {
  const { fetch } = plan.bytes;
  if (maxBytes === undefined || fetch <= maxBytes) return;
  throw new Refused('over-budget', `${fetch} bytes would be fetched; --max-bytes allows ${maxBytes}`, {
    hint: 'Nothing was fetched. Raise the limit if that is what you want.',
  });
}

/** Why the store has no room for what the plan brings; undefined where it has, or does not say. */
export async function lackOfSpace(
  plan: Plan,
  request: StageRequest,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  ports: Pick<StagePorts, 'state'>,
): Promise<StoreError | undefined> {
  const { store } = request;
  if (!isCapacityLimited(store)) return undefined;
  const free = await store.freeBytes();
  const all = plan.bytes.fetch + plan.bytes.copy;
  if (all <= free) return undefined;
  // What an interrupted attempt wrote takes its place already.
  const needed = all - (await writtenBefore(request, findings, ports));
  if (needed <= free) return undefined;
  return new StoreError(`${store.url} has ${free} bytes free; this release needs ${needed} more`, {
    hint: 'Make room, or stage onto another disk with --to.',
    evidence: { free, needed },
  });
}

async function writtenBefore(
  { store, manifest }: StageRequest,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  ports: Pick<StagePorts, 'state'>,
): Promise<number> {
  const checkpoints = new CheckpointStore(ports.state);
  let written = 0;
  for (const [spec, finding] of findings) {
    if (finding.kind !== 'fetch' || finding.size <= store.limits.singlePut) continue;
    const key = artifactKey(manifest.collection, manifest.version, spec.file);
    const found = await checkpoints.load(destinationOf(store, key, ports.state));
    if (found?.sha256 === spec.sha256?.hex && found?.size === finding.size) written += found.offset;
  }
  return written;
}
