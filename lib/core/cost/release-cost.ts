import type { Deployment } from '../../contract/cloud/deployment.ts';
import { type PriceTable, pricesAsOf } from '../../contract/cloud/prices.ts';
import { replicasOf } from '../../contract/cloud/replica-rules.ts';
import type { Access, Manifest } from '../manifest/manifest.ts';
import { type CostLine, totalOf } from './cost-line.ts';
import { monthOfServing, yearOfGrowth } from './serving-cost.ts';
import { stagingCost, sum } from './staging-cost.ts';

/** What is not in a manifest and must be assumed. */
export interface CostAssumptions {
  /** Whole downloads of the release in a month. */
  readonly downloads: number;
  /** Releases of this size that come in a month. */
  readonly releasesPerMonth: number;
}

/** What a release costs in the cloud, in US dollars. */
export interface ReleaseCost {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
  readonly artifacts: number;
  /** Of the artifacts whose size is known. */
  readonly bytes: number;
  /** Artifacts of which nobody said how large they are. */
  readonly unknownSizes: number;
  readonly replicas: readonly string[];
  readonly staging: CostPart;
  readonly monthOfServing: CostPart;
  readonly yearOfGrowth: CostPart;
  readonly pricesAsOf: string;
}

export interface CostPart {
  readonly lines: readonly CostLine[];
  readonly usd: number;
}

/** Prices a manifest as if nothing of it were there yet. */
export function releaseCost(
  { collection, version, access, artifacts }: Manifest,
  deployment: Pick<Deployment, 'cloud' | 'replicas'>,
  { downloads, releasesPerMonth }: CostAssumptions,
  table: PriceTable,
): ReleaseCost {
  const sizes = artifacts.flatMap(({ size }) => size ?? []);
  const bytes = sum(sizes);
  const replicas = replicasOf(deployment.replicas, collection);
  const { memory, timeoutSeconds } = deployment.cloud.pipeline;
  const gcsReplicas = replicas.length;
  const served = { access, bytes, artifacts: artifacts.length, gcsReplicas, downloads };
  return {
    collection,
    version,
    access,
    artifacts: artifacts.length,
    bytes,
    unknownSizes: artifacts.length - sizes.length,
    replicas,
    staging: part(stagingCost({ sizes, gcsReplicas, memory, timeoutSeconds }, table)),
    monthOfServing: part(monthOfServing(served, table)),
    yearOfGrowth: part(yearOfGrowth({ bytes, gcsReplicas }, releasesPerMonth, table)),
    pricesAsOf,
  };
}

export function part(lines: readonly CostLine[]): CostPart {
  return { lines, usd: totalOf(lines) };
}
