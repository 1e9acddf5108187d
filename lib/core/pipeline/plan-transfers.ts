import type { Reporter } from '../events.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import { SourceError } from '../sources/source.ts';
import { lackOfSpace } from '../stage/check-budgets.ts';
import { checkRelease, recordDifferences } from '../stage/check-release.ts';
import type { CopySource } from '../stage/find-copies.ts';
import { forgetLost } from '../stage/forget-lost.ts';
import { type Finding, inspect } from '../stage/inspect.ts';
import { requestsSince } from '../stage/predict-requests.ts';
import { stageArtifact } from '../stage/stage-artifact.ts';
import type { StageRequest } from '../stage/stage-ports.ts';
import { type Survey, surveyRelease } from '../stage/survey.ts';
import { unnamedObjects } from '../stage/unnamed-objects.ts';
import { type Attempt, stagePorts } from './attempt.ts';
import type { ItemEntry, PlanDocument } from './attempt-documents.ts';
import { checkRunBudgets } from './check-run-budgets.ts';
import { earlierProofs } from './earlier-proofs.ts';
import { hurriedSource } from './hurried-source.ts';
import { type Movable, makeItems } from './make-items.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { toStagedDocument } from './staged-document.ts';
import { throttledSource } from './throttled-source.ts';
import { isUnproven, withProven } from './unproven-objects.ts';

/** Seconds that upstream is waited for while planning; what takes longer is left to a transfer, which can pause. */
const longestWait = 5;
/** Part of a call's time after which upstreams are asked no more: the rest is for what follows. */
const asking = 0.6;

/**
 * Finds out what is there, where the rest can be had, and how it is shared out; reads no weights.
 * @throws Refused, TimeoutTooShort, StoreError: why there is nothing to be planned.
 */
export async function planTransfers(attempt: Attempt, ports: PipelinePorts, reporter: Reporter): Promise<PlanDocument> {
  const late = new AbortController();
  const ended = new AbortController();
  ports.clock.sleep(ports.secondsLeft() * asking, ended.signal).then(
    () => late.abort(),
    () => undefined,
  );
  try {
    return await plan(attempt, ports, { reporter, late: late.signal });
  } finally {
    ended.abort();
  }
}

async function plan(
  attempt: Attempt,
  ports: PipelinePorts,
  { reporter, late }: { readonly reporter: Reporter; readonly late: AbortSignal },
): Promise<PlanDocument> {
  const { manifest, store } = attempt;
  const before = { ...store.requests };
  const { registry } = await claimStore(store, manifest.access, ports.clock);
  const listed = await surveyRelease(store, manifest, registry);
  checkRelease(manifest, listed, store.url);
  const proofs = await earlierProofs(ports.work, attempt.place);
  const request: StageRequest = { ...attempt.request, proofs };
  const survey = await withProven(manifest.artifacts, listed, request);
  const unproven = manifest.artifacts.filter((spec) => isUnproven(spec, survey, request));
  const toProve = new Set(unproven);
  const known = { ...manifest, artifacts: manifest.artifacts.filter((spec) => !toProve.has(spec)) };
  const engine = stagePorts(attempt, ports, {
    reporter,
    signal: ports.signal,
    around: (source) =>
      hurriedSource(
        throttledSource(source, () => longestWait, notNow),
        late,
      ),
  });
  const findings = await inspect({ ...request, manifest: known }, survey, engine);
  const movables = [...unproven.map((spec) => proveEntry(spec, survey)), ...movablesOf(findings)];
  checkRunBudgets(movables, manifest.collection, store, ports.configuration);
  const full = await lackOfSpace(request, findings, { state: ports.work });
  if (full !== undefined) throw full;
  if (movables.length > 0) await forgetLost(store, manifest, survey);
  const moved = new Set(movables.map(({ spec }) => spec));
  const settled = [];
  for (const [spec, finding] of findings) {
    if (!moved.has(spec)) settled.push(toStagedDocument(await stageArtifact(spec, finding, request, engine)));
  }
  const released = survey.release !== undefined && registryEntry(registry, manifest.collection, manifest.version);
  return {
    format: 1,
    state: !released ? 'new' : movables.length === 0 ? 'present' : 'repair',
    items: makeItems(movables, manifest),
    settled,
    notes: [
      ...attempt.warnings,
      ...(survey.release === undefined ? [] : recordDifferences(manifest, survey.release.record)),
      ...unnamedObjects(manifest, survey),
    ],
    requests: requestsSince(before, store.requests),
  };
}

/** Upstream limits its callers: the transfer of that artifact will wait for it. */
function notNow(error: SourceError): Error {
  return new SourceError('rate-limited', error.message, { cause: error, evidence: error.evidence });
}

function proveEntry(spec: ArtifactSpec, survey: Survey): Movable {
  const size = survey.objects.get(spec.file)?.size ?? spec.size ?? null;
  return { spec, entry: { id: spec.id, size, prove: true }, source: undefined };
}

function movablesOf(findings: ReadonlyMap<ArtifactSpec, Finding>): Movable[] {
  return [...findings].flatMap(([spec, finding]) => movable(spec, finding) ?? []);
}

/** Undefined where nothing is to be moved. */
function movable(spec: ArtifactSpec, finding: Finding): Movable | undefined {
  const { id } = spec;
  switch (finding.kind) {
    case 'fetch':
      return { spec, entry: { id, size: finding.size }, source: finding.resolved?.description.source };
    case 'copy': {
      const { from } = finding;
      return { spec, entry: { id, size: from.size, copy: copyDocument(from) }, source: undefined };
    }
    case 'unavailable': {
      const throttled = finding.walk.attempts.find(({ outcome }) => outcome === 'rate-limited');
      return throttled && { spec, entry: { id, size: spec.size ?? null }, source: throttled.source };
    }
    case 'present':
    case 'damaged':
    case 'unresolved':
    case 'left-out':
      return undefined;
  }
}

function copyDocument({ key, size, sha256, proof }: CopySource): NonNullable<ItemEntry['copy']> {
  if (proof === undefined) return { key, size, sha256 };
  const { crc32c, etag, version } = proof;
  return { key, size, sha256, proof: { crc32c, etag, ...(version === undefined ? {} : { version }) } };
}
