import { describe, expect, test } from 'vitest';
import { prices, unitSize } from '../../../lib/contract/cloud/prices.ts';
import { type CostLine, totalOf } from '../../../lib/core/cost/cost-line.ts';
import { monthOfServing, yearOfGrowth } from '../../../lib/core/cost/serving-cost.ts';
import { stagingCost } from '../../../lib/core/cost/staging-cost.ts';

const terabyte = 1e12;
const work = { sizes: Array<number>(100).fill(terabyte / 100), gcsReplicas: 0, memory: 4096, timeoutSeconds: 900 };

function usd(lines: readonly CostLine[], what: string): number {
  return totalOf(lines.filter((line) => line.what === what));
}

describe('the price table', () => {
  test('says how much of what a price buys', () => {
    expect(unitSize(prices.s3Writes)).toBe(1000);
    expect(unitSize(prices.lambdaRequests)).toBe(1_000_000);
    expect(unitSize(prices.s3Storage)).toBe(1);
  });
});

describe('staging one terabyte', () => {
  test('costs under two dollars without a replica, most of it for the functions', () => {
    const lines = stagingCost(work, prices);
    // 10^12 / 75 MiB/s = 12,715 s of 4 GB.
    expect(usd(lines, 'moving bytes')).toBeCloseTo(0.68, 2);
    // 59,700 parts of 16 MiB, and two more requests for each object.
    expect(usd(lines, 'objects and parts written')).toBeCloseTo(0.3, 2);
    expect(totalOf(lines)).toBeLessThan(2);
  });

  test('costs ninety dollars more for each copy in Google Cloud, since egress outweighs everything', () => {
    const one = stagingCost({ ...work, gcsReplicas: 1 }, prices);
    expect(usd(one, 'from S3 to Google Cloud')).toBeCloseTo(90, 5);
    const two = totalOf(stagingCost({ ...work, gcsReplicas: 2 }, prices));
    const none = totalOf(stagingCost(work, prices));
    expect(two - totalOf(one)).toBeCloseTo(totalOf(one) - none, 5);
  });

  test('of 10,000 small files writes each with one request', () => {
    const small = stagingCost({ ...work, sizes: Array<number>(10_000).fill(terabyte / 10_000 / 1000) }, prices);
    expect(usd(small, 'objects and parts written')).toBeCloseTo(0.05, 2);
  });

  test('of nothing costs what looking costs, and no more than a cent', () => {
    expect(totalOf(stagingCost({ ...work, sizes: [] }, prices))).toBeLessThan(0.01);
  });
});

describe('serving one terabyte', () => {
  const release = { access: 'public', bytes: terabyte, artifacts: 100, gcsReplicas: 1, downloads: 10 } as const;

  test('by CloudFront costs storage in both clouds and what is sent', () => {
    const lines = monthOfServing(release, prices);
    expect(usd(lines, 'kept in S3')).toBeCloseTo(23, 5);
    expect(usd(lines, 'kept in Google Cloud')).toBeCloseTo(20, 5);
    expect(usd(lines, 'sent by CloudFront')).toBeCloseTo(850, 5);
  });

  test('that is private is sent by S3', () => {
    const lines = monthOfServing({ ...release, access: 'private' }, prices);
    expect(usd(lines, 'sent by S3')).toBeCloseTo(900, 5);
    expect(lines.some(({ price }) => price.startsWith('cloudFront'))).toBe(false);
  });

  test('grows over a year by one release a month to 78 months of storage', () => {
    expect(totalOf(yearOfGrowth({ bytes: terabyte, gcsReplicas: 0 }, 1, prices))).toBeCloseTo(78 * 23, 5);
  });
});
