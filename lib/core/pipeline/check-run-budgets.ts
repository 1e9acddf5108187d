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
  checkSizes(movables, configuration);
  checkBytes(movables, configuration);
  checkCost(movables, collection, configuration);
  checkParts(movables, store, configuration);
}

/** What upstream does not tell the length of would pass any limit. */
function checkSizes(movables: readonly Movable[], { maxRunBytes, maxRunCost }: RuntimeConfiguration): void {
  const limit = maxRunBytes !== undefined ? 'maxRunBytes' : maxRunCost !== undefined ? 'maxRunCost' : undefined;
  const unknown = movables.find(({ entry }) => entry.size === null);
  if (limit === undefined || unknown === undefined) return;
  throw new Refused(
    'over-budget',
    `the size of ${unknown.spec.file} is not known, and \`${limit}\` limits what a run may fetch`,
    {
      hint: 'Nothing was fetched. `weighbridge lock` writes sizes into the manifest.',
      evidence: { file: unknown.spec.file },
    },
  );
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
  // To find that nothing is to be done is no run that anybody limits.
  if (maxRunCost === undefined || movables.length === 0) return;
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

/**
 * Why a replica is not completed: the copy would cost more than a run may, as when a replica is new to a release that was
 * published long ago. Undefined where it may be.
 */
export function tooDearToCopy(
  sizes: readonly number[],
  { maxRunCost, pipeline }: RuntimeConfiguration,
): string | undefined {
  if (maxRunCost === undefined) return undefined;
  const { memory, timeoutSeconds } = pipeline;
  const cost = (gcsReplicas: number) => totalOf(stagingCost({ sizes, gcsReplicas, memory, timeoutSeconds }, prices));
  const usd = cost(1) - cost(0);
  if (usd <= maxRunCost) return undefined;
  return `copying would cost about ${usd.toFixed(2)} USD; \`maxRunCost\` of weighbridge.yaml allows ${maxRunCost.toFixed(2)}`;
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
