/** How well a price is known. `unverified`: believed, not read on the vendor's page. */
export type PriceConfidence = 'documented' | 'secondary' | 'unverified';

export interface UnitPrice {
  /** US dollars for one unit. */
  readonly usd: number;
  /** Such as `GB-month` or `1,000 requests`; a GB is 10^9 bytes. */
  readonly unit: string;
  readonly confidence: PriceConfidence;
}

const price = (usd: number, unit: string, confidence: PriceConfidence): UnitPrice => ({ usd, unit, confidence });

/** Day on which the table was put together. */
export const pricesAsOf = '2026-11-21';

/**
 * List prices in us-east-1 and the United States; no free allowance, no discount. Other regions cost up to half as much
 * again. Check before you rely on them: https://aws.amazon.com/pricing and https://cloud.google.com/storage/pricing.
 */
export const prices = {
  s3Storage: price(0.023, 'GB-month', 'secondary'),
  s3Writes: price(0.005, '1,000 requests', 'secondary'),
  s3Reads: price(0.0004, '1,000 requests', 'secondary'),
  /** From S3 or Lambda to the internet, Google Cloud included: the first 10 TB of a month. */
  awsEgress: price(0.09, 'GB', 'secondary'),
  cloudFrontEgress: price(0.085, 'GB', 'unverified'),
  cloudFrontRequests: price(0.01, '10,000 requests', 'unverified'),
  lambdaArm: price(0.0000133334, 'GB-second', 'secondary'),
  lambdaRequests: price(0.2, '1,000,000 requests', 'secondary'),
  httpApiRequests: price(1, '1,000,000 requests', 'unverified'),
  stepFunctions: price(0.025, '1,000 transitions', 'secondary'),
  gcsStorage: price(0.02, 'GB-month', 'secondary'),
  gcsWrites: price(0.005, '1,000 requests', 'documented'),
  gcsEgress: price(0.12, 'GB', 'documented'),
  kmsKey: price(1, 'key and month', 'unverified'),
  kmsRequests: price(0.03, '10,000 requests', 'unverified'),
  dashboard: price(3, 'dashboard and month', 'unverified'),
  alarm: price(0.1, 'alarm and month', 'unverified'),
  metric: price(0.3, 'metric and month', 'unverified'),
  secret: price(0.4, 'secret and month', 'unverified'),
} as const satisfies Readonly<Record<string, UnitPrice>>;

export type PriceName = keyof typeof prices;
export type PriceTable = Readonly<Record<PriceName, UnitPrice>>;

/** How many requests, seconds or bytes a unit of a price is. */
export function unitSize({ unit }: UnitPrice): number {
  const [, count] = /^([\d,]+) /.exec(unit) ?? [];
  return count === undefined ? 1 : Number(count.replaceAll(',', ''));
}
