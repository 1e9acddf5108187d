import type { RuntimeConfiguration } from '../../contract/cloud/deployment.ts';
import { prices } from '../../contract/cloud/prices.ts';
import { replicasOf } from '../../contract/cloud/replica-rules.ts';
import { totalOf } from '../cost/cost-line.ts';
import { stagingCost } from '../cost/staging-cost.ts';
import { Refused } from '../errors.ts';
import type { Store } from '../stores/store.ts';
import type { Movable } from './make-items.ts';
import { marginOf, slowestBytesPerSecond } from './pass-time.ts';
import { TimeoutTooShort } from './pipeline-failures.ts';

/**
 * Everything that is judged before the first byte.
 * @throws Refused when more would be fetched, or paid, than a run may; TimeoutTooShort when a pass cannot move a part.
 */
export function checkRunBudgets(
  movables: readonly Movable[],
  collection: string,
  store: Store,
  configuration: RuntimeConfiguration,
): void {
  checkBytes(movables, configuration);
  checkCost(movables, collection, configuration);
  checkParts(movables, store, configuration);
}

function checkBytes(movables: readonly Movable[], { maxRunBytes }: RuntimeConfiguration): void {
  const bytes = sum(movables.filter(({ entry }) => entry.copy === undefined && entry.prove !== true));
  if (maxRunBytes === undefined || bytes <= maxRunBytes) return;
  throw new Refused('over-budget', `${bytes} bytes would be fetched; \`maxRunBytes\` allows ${maxRunBytes}`, {
    hint: 'Nothing was fetched. Raise the limit in weighbridge.yaml if that is what you want.',
    evidence: { bytes, maxRunBytes },
  });
}

function checkCost(movables: readonly Movable[], collection: string, configuration: RuntimeConfiguration): void {
  const { maxRunCost, pipeline, replicas } = configuration;
  if (maxRunCost === undefined) return;
  const { memory, timeoutSeconds } = pipeline;
  const sizes = movables.map(({ entry }) => entry.size ?? 0);
  const gcsReplicas = replicasOf(replicas, collection).length;
  const usd = totalOf(stagingCost({ sizes, gcsReplicas, memory, timeoutSeconds }, prices));
  if (usd <= maxRunCost) return;
  const message = `this run would cost about ${usd.toFixed(2)} USD; \`maxRunCost\` allows ${maxRunCost.toFixed(2)}`;
  throw new Refused('over-budget', message, {
    hint: 'Nothing was fetched. `weighbridge cost` shows what it is for; raise the limit in weighbridge.yaml if you want that.',
    evidence: { usd, maxRunCost },
  });
}

function checkParts(movables: readonly Movable[], { limits }: Store, { pipeline }: RuntimeConfiguration): void {
  const seconds = pipeline.timeoutSeconds - marginOf(pipeline.timeoutSeconds);
  for (const { spec, entry } of movables) {
    const size = entry.size ?? 0;
    const piece = size <= limits.singlePut ? size : Math.min(size, limits.partSize(size));
    if (piece <= seconds * slowestBytesPerSecond) continue;
    throw new TimeoutTooShort(
      `${spec.file} is moved in parts of ${piece} bytes, which may take longer than the ${seconds} seconds of a pass`,
      { hint: 'Raise `cloud.pipeline.timeoutSeconds` in weighbridge.yaml and deploy again.' },
    );
  }
}

function sum(movables: readonly Movable[]): number {
  return movables.reduce((total, { entry }) => total + (entry.size ?? 0), 0);
}
