import pLimit from 'p-limit';
import { notReached } from '../stage/report.ts';
import type { StagedArtifact } from '../stage/stage-artifact.ts';
import type { Attempt } from './attempt.ts';
import { doneName, doneSchema, type PlanDocument } from './attempt-documents.ts';
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
  const found = items.flatMap((item) => item ?? []);
  const known = new Map<string, StagedArtifact>();
  for (const document of [...plan.settled, ...found.flatMap(({ finished }) => finished)]) {
    const staged = fromStagedDocument(document, specs);
    if (staged !== undefined) known.set(staged.report.id, staged);
  }
  const staged = manifest.artifacts.map((spec) => {
    const ended = known.get(spec.id);
    if (ended !== undefined) return ended;
    const spent = found.map((item) => item.spent[spec.id]).find((one) => one !== undefined);
    return { proven: undefined, report: { ...notReached(spec), ...spent } };
  });
  return { staged, requests: [plan.requests, ...found.map(({ requests }) => requests)] };
}
