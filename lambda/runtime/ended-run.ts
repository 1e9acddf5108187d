import { z } from 'zod';
import type { ReportOutput } from '../../lib/contract/cloud/payloads.ts';
import type { RunEnded } from '../../lib/contract/cloud/run-ended.ts';
import { reportKey } from '../../lib/contract/cloud/state-keys.ts';
import type { PipelinePorts } from '../../lib/core/pipeline/pipeline-ports.ts';

/** Bytes; 10,000 artifacts with many attempts each stay below. */
const limit = 64 << 20;

/** What of a report is told; that of a run that was refused early has less. */
const reportShape = z.object({
  collection: z.string().nullish(),
  version: z.string().nullish(),
  artifacts: z.array(z.object({ state: z.string(), bytesFetched: z.number() })).default([]),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
});

/** A run at its end, as events and metrics tell of it: by the report that was just written. */
export async function readEndedRun(output: ReportOutput, ports: PipelinePorts): Promise<RunEnded> {
  const key = reportKey(output);
  const found = await ports.state.get(key, limit);
  const text = found === undefined ? '{}' : new TextDecoder().decode(found.bytes);
  const { collection, version, artifacts, startedAt, finishedAt } = reportShape.parse(JSON.parse(text));
  return {
    ...output,
    deployment: ports.configuration.name,
    ...(collection ? { collection } : {}),
    ...(version ? { version } : {}),
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
