import { artifactKey } from '../../contract/keys.ts';
import { Refused } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { StoreError } from '../stores/store.ts';
import { type ArrivingObject, lackOfRoom } from './check-room.ts';
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

/** Why the store has no room for what the findings bring; undefined where it has, or does not say. */
export async function lackOfSpace(
  { store, manifest }: StageRequest,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  ports: Pick<StagePorts, 'state'>,
): Promise<StoreError | undefined> {
  const arriving: ArrivingObject[] = [];
  for (const [{ file, sha256 }, finding] of findings) {
    if (finding.kind !== 'fetch' && finding.kind !== 'copy') continue;
    const size = finding.kind === 'fetch' ? finding.size : finding.from.size;
    const key = artifactKey(manifest.collection, manifest.version, file);
    arriving.push({ key, size, sha256: sha256?.hex ?? '' });
  }
  return await lackOfRoom(store, arriving, ports.state);
}
