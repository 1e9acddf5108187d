import pLimit from 'p-limit';
import type { AttemptPointer, PublishOutput } from '../../contract/cloud/payloads.ts';
import { itemsName, workPrefix } from '../../contract/cloud/state-keys.ts';
import { type Attempt, keepOutcome, openAttempt } from './attempt.ts';
import {
  outcomeName,
  outcomeSchema,
  type PublishedDocument,
  publishedName,
  publishedSchema,
  replicaItemName,
} from './attempt-documents.ts';
import { asState } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { planReplicas } from './plan-replicas.ts';
import { isOutcome } from './plan-run.ts';
import { ProgressBoard } from './progress-board.ts';
import { publishPrimary } from './publish-primary.ts';

/** Items written at the same time. */
const writes = 16;

/**
 * Publishes to the primary, and plans what its replicas are to receive.
 * @throws Unavailable, NotAuthorised
 */
export async function publishRun(pointer: AttemptPointer, ports: PipelinePorts): Promise<PublishOutput> {
  return await asState(async () => {
    const { publisher, run, attempt: id } = pointer;
    const place = { publisher, run, attempt: id };
    const attempt = await openAttempt(place, ports);
    if ((await attempt.records.read(outcomeName, outcomeSchema)) !== undefined) return { ...place, next: 'report' };
    const board = new ProgressBoard(place, ports);
    board.tell({ phase: 'publish' });
    try {
      const known = await attempt.records.read(publishedName, publishedSchema);
      return await shareOut(known ?? (await publish(attempt, ports)), attempt, ports);
    } catch (error) {
      if (!isOutcome(error, ports.signal)) throw error;
      await keepOutcome(attempt.records, error);
      return { ...place, next: 'report' };
    } finally {
      await board.close();
    }
  });
}

async function publish(attempt: Attempt, ports: PipelinePorts): Promise<PublishedDocument> {
  const primary = await publishPrimary(attempt, ports);
  const nowhere = { replicas: [], replicaItems: [], notes: [] };
  const copies = primary.state === 'failed' ? nowhere : await planReplicas(attempt, ports);
  const whole = { ...primary, ...copies, format: 1 as const, notes: [...primary.notes, ...copies.notes] };
  return await attempt.records.createOnce(publishedName, whole, publishedSchema);
}

async function shareOut(
  { replicas, replicaItems }: PublishedDocument,
  { place, records }: Attempt,
  ports: PipelinePorts,
): Promise<PublishOutput> {
  if (replicaItems.length === 0) return { ...place, next: replicas.length > 0 ? 'publish-replicas' : 'report' };
  const writing = pLimit(writes);
  await Promise.all(
    replicaItems.map((item, number) =>
      writing(() => records.createText(replicaItemName(number), JSON.stringify(item))),
    ),
  );
  const lines = replicaItems.map((_, item) => `${JSON.stringify({ ...place, item, idle: 0 })}\n`);
  await records.createText('replicate.jsonl', lines.join(''));
  const key = workPrefix + itemsName(place, 'replicate');
  return { ...place, next: 'replicate', items: { bucket: ports.stateBucket, key, count: replicaItems.length } };
}
