import pLimit from 'p-limit';
import { type ArtifactReport, notReached } from '../stage/report.ts';
import type { StagedArtifact } from '../stage/stage-artifact.ts';
import type { Attempt } from './attempt.ts';
import { type DoneDocument, doneName, doneSchema, type PlanDocument } from './attempt-documents.ts';
import { fromStagedDocument } from './staged-document.ts';

/** Documents read at the same time. */
const atOnce = 16;

/** What came of every artifact so far, in the manifest's order, and the requests to the primary that it took. */
export async function gatherStaged(
  { manifest, records, specs }: Pick<Attempt, 'manifest' | 'records' | 'specs'>,
  plan: PlanDocument,
): Promise<{ readonly staged: readonly StagedArtifact[]; readonly requests: readonly PlanDocument['requests'][] }> {
  const limit = pLimit(atOnce);
  const items = await Promise.all(plan.items.map((_, item) => limit(() => records.read(doneName(item), doneSchema))));
  const ended = new Map<string, StagedArtifact>();
  const unfinished = new Map<string, Partial<ArtifactReport>>();
  for (const [index, item] of plan.items.entries()) {
    const done = items[index];
    for (const { id } of item.artifacts) unfinished.set(id, { ...done?.spent[id], ...failedBy(done) });
  }
  for (const document of [...plan.settled, ...items.flatMap((done) => done?.finished ?? [])]) {
    const staged = fromStagedDocument(document, specs);
    if (staged !== undefined) ended.set(staged.report.id, staged);
  }
  const staged = manifest.artifacts.map(
    (spec) => ended.get(spec.id) ?? { proven: undefined, report: { ...notReached(spec), ...unfinished.get(spec.id) } },
  );
  return { staged, requests: [plan.requests, ...items.flatMap((done) => (done === undefined ? [] : [done.requests]))] };
}

/** Why an item's unfinished artifacts are not there, where its last pass failed. */
function failedBy(done: DoneDocument | undefined): Partial<ArtifactReport> {
  if (done?.fault === undefined) return {};
  return { state: 'failed', reason: `${done.fault.code}: ${done.fault.message}` };
}
