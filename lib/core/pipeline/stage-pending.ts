import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { Finding } from '../stage/inspect.ts';
import type { RunProgress } from '../stage/run-progress.ts';
import { SourceWalk } from '../stage/source-walk.ts';
import { stageAll } from '../stage/stage-all.ts';
import { type StagedArtifact, stageArtifact } from '../stage/stage-artifact.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import type { Attempt } from './attempt.ts';
import type { ItemEntry } from './attempt-documents.ts';
import { proveInStore } from './prove-in-store.ts';

/**
 * Brings what an item still lacks into the store, as `stage` would: what lies there unproven is read first, copies of
 * the item's own artifacts come last.
 * @throws what ends the pass or the run; what ended before was told.
 */
export async function stagePending(
  attempt: Attempt,
  pending: readonly ItemEntry[],
  engine: StagePorts,
  onStaged: (staged: StagedArtifact) => void,
): Promise<void> {
  engine.signal.throwIfAborted();
  const entries = new Map(pending.map((entry) => [entry.id, entry]));
  const artifacts = attempt.manifest.artifacts.filter(({ id }) => entries.has(id));
  const settled = new Set<ArtifactSpec>();
  const toProve = artifacts.filter(({ id }) => entries.get(id)?.prove === true);
  await proveInStore(toProve, attempt, engine, async (spec, finding) => {
    settled.add(spec);
    onStaged(await stageArtifact(spec, finding, attempt.request, engine));
  });
  const rest = artifacts.filter((spec) => !settled.has(spec));
  const findings = new Map(rest.map((spec) => [spec, findingOf(spec, entries.get(spec.id), engine)]));
  const request = { ...attempt.request, manifest: { ...attempt.manifest, artifacts: rest } };
  await stageAll(request, findings, engine, noProgressYet(), onStaged);
}

function findingOf(spec: ArtifactSpec, entry: ItemEntry | undefined, engine: StagePorts): Finding {
  const walk = new SourceWalk(spec, engine, engine.retry);
  if (entry?.copy === undefined)
    return { kind: 'fetch', walk, size: entry?.size ?? spec.size ?? Number.MAX_SAFE_INTEGER };
  const { proof, ...from } = entry.copy;
  return { kind: 'copy', walk, from: { ...from, ...(proof === undefined ? {} : { proof }) } };
}

function noProgressYet(): RunProgress {
  const nothing = { notes: [], published: false, content: null, error: undefined, replicas: [] };
  return { ...nothing, staged: [], state: 'failed' };
}
