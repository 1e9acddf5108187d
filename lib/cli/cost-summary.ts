import { pricesAsOf } from '../contract/cloud/prices.ts';
import type { CostAssumptions, CostPart, ReleaseCost } from '../core/cost/release-cost.ts';
import { lambdaBytesPerSecond } from '../core/cost/staging-cost.ts';
import { escapeUnsafe } from '../core/manifest/unsafe-characters.ts';
import { alignedRows } from './aligned-rows.ts';
import { formatBytes } from './progress/quantities.ts';

/** A release's bill, for people. */
export function costSummary(cost: ReleaseCost, { downloads, releasesPerMonth }: CostAssumptions): readonly string[] {
  const { collection, version, access, artifacts, bytes, replicas, unknownSizes } = cost;
  const copied = replicas.length === 0 ? 'in S3 alone' : `copied to ${replicas.join(', ')}`;
  const files = `${artifacts} ${artifacts === 1 ? 'file' : 'files'}`;
  const lines = [
    `${escapeUnsafe(collection)}@${escapeUnsafe(version)}, ${access}: ${files}, ${formatBytes(bytes)}, ${copied}`,
    ...bill(`staging it once`, cost.staging),
    ...bill(`a month of serving it, ${downloads} ${downloads === 1 ? 'download' : 'downloads'}`, cost.monthOfServing),
    ...bill(`storage of a year with ${releasesPerMonth} such a month, none removed`, cost.yearOfGrowth),
  ];
  if (unknownSizes === 0) return lines;
  return [
    ...lines,
    `note: not counted, for want of a size in the manifest: ${unknownSizes} of ${files}; run \`weighbridge lock\``,
  ];
}

/** One part of a bill with its sum. */
export function bill(title: string, { lines, usd }: CostPart): readonly string[] {
  const rows = lines.map(({ what, quantity, unit, usd: amount }) => [
    `    ${what}`,
    quantities(quantity),
    unit,
    dollars(amount),
  ]);
  return [`  ${title}: ${dollars(usd)}`, ...alignedRows(rows)];
}

/** What all figures rest on. */
export function assumptionLines({ downloads, releasesPerMonth }: CostAssumptions): readonly string[] {
  return [
    `Assumed: list prices of ${pricesAsOf} in us-east-1, no free allowance, no discount, no tax; check them before you rely on them.`,
    `Assumed: functions move ${formatBytes(lambdaBytesPerSecond)}/s; nothing of the release is there yet; nothing is retried.`,
    `Assumed: ${downloads} whole downloads a month (--downloads), ${releasesPerMonth} release of this size a month (--releases-per-month).`,
    'Not counted: what the owner of an upstream pays for sending, logs beyond a few MB, WAF, data read by S3 access logs.',
  ];
}

/** `0.0312 USD`: cents and more with two digits, less with four. */
export function dollars(usd: number): string {
  if (usd === 0) return '0 USD';
  if (usd < 0.0001) return '< 0.0001 USD';
  return `${usd.toFixed(usd < 1 ? 4 : 2)} USD`;
}

function quantities(quantity: number): string {
  if (quantity >= 1000) return Math.round(quantity).toLocaleString('en-US');
  return quantity >= 10 || Number.isInteger(quantity) ? String(Math.round(quantity)) : quantity.toPrecision(2);
}
