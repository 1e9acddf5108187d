import { billedAlarms } from '../../lib/contract/cloud/alarms.ts';
import type { Deployment } from '../../lib/contract/cloud/deployment.ts';
import { prices } from '../../lib/contract/cloud/prices.ts';
import type { DeployedResource } from './deployed-resources.ts';
import { markdownTable } from './markdown-table.ts';
import { resourceParts } from './resource-parts.ts';

/**
 * What there is, what it is for, what it costs while nothing happens, and what becomes of it.
 * @param usual Resources of a deployment with one publisher and no other setting.
 * @param all Those of one with every setting on.
 * @throws Error for a resource that no part describes, and for a part that describes nothing.
 */
export function resourceTable(
  usual: readonly DeployedResource[],
  all: readonly DeployedResource[],
  deployment: Deployment,
): string {
  const homeless = all.filter(({ path }) => resourceParts.filter((part) => part.covers.test(path)).length !== 1);
  if (homeless.length > 0) {
    const names = homeless.map(({ path, type }) => `${path} (${type})`).join(', ');
    throw new Error(`resource-parts.ts describes these not at all, or twice: ${names}`);
  }
  const rows = resourceParts.map((part) => {
    const inUsual = usual.filter(({ path }) => part.covers.test(path));
    const members = inUsual.length > 0 ? inUsual : all.filter(({ path }) => part.covers.test(path));
    if (members.length === 0) throw new Error(`resource-parts.ts: nothing is ${part.name}`);
    if ((part.setting === undefined) !== inUsual.length > 0) {
      throw new Error(`resource-parts.ts: ${part.name} says wrongly which setting makes it`);
    }
    const what = part.setting === undefined ? part.purpose : `${part.purpose}; with ${part.setting} alone`;
    return [`**${part.name}**: ${madeOf(members)}`, what, idleCost(part.cost, deployment), fate(members)];
  });
  return markdownTable(['resource', 'purpose', 'idle month, USD', 'on destroy'], rows);
}

/** `1 bucket, 1 bucket policy`, the most important kinds first as the template has them. */
function madeOf(members: readonly DeployedResource[]): string {
  const counts = new Map<string, number>();
  for (const { type } of members) counts.set(kindOf(type), (counts.get(kindOf(type)) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

/** `AWS::S3::BucketPolicy` is a `S3 BucketPolicy`. */
function kindOf(type: string): string {
  return type
    .replace(/^AWS::/, '')
    .replace(/^Custom::/, 'custom resource ')
    .replace('::', ' ');
}

function fate(members: readonly DeployedResource[]): string {
  const kept = [...new Set(members.filter((one) => one.kept).map(({ type }) => kindOf(type)))];
  if (kept.length === 0) return 'deleted';
  return members.every((one) => one.kept) ? '**kept**' : `**${kept.join(', ')} kept**, the rest deleted`;
}

function idleCost(cost: (typeof resourceParts)[number]['cost'], deployment: Deployment): string {
  const usd = (amount: number) => amount.toFixed(2);
  switch (cost) {
    case 'storage':
      return `${prices.s3Storage.usd} a GB`;
    case 'gcs':
      return `${prices.gcsStorage.usd} a GB`;
    case 'alarms':
      return usd(billedAlarms(deployment) * prices.alarm.usd);
    case 'dashboard':
      return usd(prices.dashboard.usd);
    case 'key':
      return usd(prices.kmsKey.usd);
    case undefined:
      return '0';
  }
}
