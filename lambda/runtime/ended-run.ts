import { z } from 'zod';
import type { ReportOutput } from '../../lib/contract/cloud/payloads.ts';
import { reportKey } from '../../lib/contract/cloud/state-keys.ts';
import type { PipelinePorts } from '../../lib/core/pipeline/pipeline-ports.ts';

/** Bytes; the reports of releases with very many files are large. */
const limit = 256 << 20;

/** What is told about a run to those who do not read its report. Runs that were refused early have no release. */
export interface EndedRun extends ReportOutput {
  readonly collection: string | undefined;
  readonly version: string | undefined;
  readonly bytesMoved: number;
  readonly artifactsFailed: number;
  /** Of the whole run. */
  readonly seconds: number;
  /** Where the whole report is. */
  readonly report: { readonly bucket: string; readonly key: string };
}

const reportShape = z.object({
  collection: z.string().optional(),
  version: z.string().optional(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  artifacts: z.array(z.object({ state: z.string(), bytesFetched: z.number() })).default([]),
});

/** Reads what the report says. */
export async function readEndedRun(output: ReportOutput, ports: PipelinePorts): Promise<EndedRun> {
  const key = reportKey(output);
  const found = await ports.state.get(key, limit);
  const text = found === undefined ? '{}' : new TextDecoder().decode(found.bytes);
  const { collection, version, artifacts, startedAt, finishedAt } = reportShape.parse(JSON.parse(text));
  return {
    ...output,
    collection,
    version,
    bytesMoved: artifacts.reduce((sum, { bytesFetched }) => sum + bytesFetched, 0),
    artifactsFailed: artifacts.filter(({ state }) => state === 'failed').length,
    seconds: secondsBetween(startedAt, finishedAt),
    report: { bucket: ports.stateBucket, key },
  };
}

function secondsBetween(from: string | undefined, to: string | undefined): number {
  if (from === undefined || to === undefined) return 0;
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
