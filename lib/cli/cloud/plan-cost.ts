import type { Deployment } from '../../contract/cloud/deployment.ts';
import { prices } from '../../contract/cloud/prices.ts';
import { replicasOf } from '../../contract/cloud/replica-rules.ts';
import { totalOf } from '../../core/cost/cost-line.ts';
import { monthOfServing } from '../../core/cost/serving-cost.ts';
import { stagingCost } from '../../core/cost/staging-cost.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import type { Plan, PlannedArtifact } from '../../core/stage/plan.ts';
import type { PlanCost } from '../staging/plan-markdown.ts';

/** US dollars of what a plan would move, and of a month of keeping the release, by the table of prices. */
export function planCost(
  { cloud, replicas }: Pick<Deployment, 'cloud' | 'replicas'>,
  { access, collection }: Pick<Manifest, 'access' | 'collection'>,
  { artifacts, bytes }: Plan,
): PlanCost {
  const fetched = artifacts.filter(({ action }: PlannedArtifact) => action === 'fetch');
  const gcsReplicas = replicasOf(replicas, collection).length;
  const work = {
    sizes: fetched.map(({ size }) => size ?? 0),
    gcsReplicas,
    memory: cloud.pipeline.memory,
    timeoutSeconds: cloud.pipeline.timeoutSeconds,
  };
  const kept = {
    access,
    bytes: bytes.fetch + bytes.copy + bytes.present,
    artifacts: artifacts.length,
    gcsReplicas,
    downloads: 0,
  };
  return { staging: totalOf(stagingCost(work, prices)), month: totalOf(monthOfServing(kept, prices)) };
}
