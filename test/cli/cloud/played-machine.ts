import { type PassInput, type PassOutput, type PlanInput, passInput } from '../../../lib/contract/cloud/payloads.ts';
import type { PipelinePorts } from '../../../lib/core/pipeline/pipeline-ports.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { publishRun } from '../../../lib/core/pipeline/publish-run.ts';
import { reportRun } from '../../../lib/core/pipeline/report-run.ts';
import { transferItem } from '../../../lib/core/pipeline/transfer-item.ts';

/** Passes of one item at most. */
const mostPasses = 50;

/** Calls the functions of the pipeline as the state machine does for a deployment without replicas. */
export async function playMachine(input: PlanInput, ports: () => Promise<PipelinePorts>): Promise<void> {
  const { publisher, run, attempt, next, items } = await planRun(input, await ports());
  const pointer = { publisher, run, attempt };
  if (items !== undefined) {
    const found = await (await ports()).state.get(items.key, 1 << 20);
    const lines = Buffer.from(found?.bytes ?? [])
      .toString()
      .split('\n');
    for (const line of lines.filter((text) => text !== '')) await playItem(passInput.parse(JSON.parse(line)), ports);
  }
  if (next !== 'report') await publishRun(pointer, await ports());
  await reportRun(pointer, await ports());
}

async function playItem(first: PassInput, ports: () => Promise<PipelinePorts>): Promise<void> {
  let next: PassInput = first;
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const output: PassOutput = await transferItem(next, await ports());
    if (output.status === 'done') return;
    next = output;
  }
  throw new Error(`item ${first.item} does not come to an end`);
}
