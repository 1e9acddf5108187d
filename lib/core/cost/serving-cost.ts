import type { PriceTable } from '../../contract/cloud/prices.ts';
import type { Access } from '../manifest/manifest.ts';
import { type CostLine, costLine, gigabyte } from './cost-line.ts';

/** A clients' range, as the transfer tools of the field choose it. */
const bytesPerRequest = 100e6;

export interface ServedRelease {
  readonly access: Access;
  /** Of all its artifacts. */
  readonly bytes: number;
  readonly artifacts: number;
  readonly gcsReplicas: number;
  /** Whole downloads of the release in a month. */
  readonly downloads: number;
}

/** A month of keeping a release, and of giving it out: public ones by CloudFront, private ones by S3. */
export function monthOfServing(release: ServedRelease, table: PriceTable): readonly CostLine[] {
  const { bytes, artifacts, downloads } = release;
  const sent = (bytes * downloads) / gigabyte;
  const requests = downloads * (artifacts + Math.floor(bytes / bytesPerRequest));
  return [
    ...storage(release, 1, table),
    ...(release.access === 'public'
      ? [
          costLine(table, 'cloudFrontEgress', 'sent by CloudFront', sent),
          costLine(table, 'cloudFrontRequests', 'requests to CloudFront', requests),
        ]
      : [
          costLine(table, 'awsEgress', 'sent by S3', sent),
          costLine(table, 's3Reads', 'requests to S3', requests),
          // At most: who asks for many files at once asks less often.
          costLine(table, 'httpApiRequests', 'requests to the access API', downloads * artifacts),
          costLine(table, 'lambdaRequests', 'answers of the access API', downloads * artifacts),
        ]),
  ];
}

/**
 * Storage of a year in which a release of this size is added every so often, and none goes.
 * @param releasesPerMonth This one included: the first month keeps that many.
 */
export function yearOfGrowth(
  release: Pick<ServedRelease, 'bytes' | 'gcsReplicas'>,
  releasesPerMonth: number,
  table: PriceTable,
): readonly CostLine[] {
  // One month keeps r releases, the next 2 r, … the twelfth 12 r: 78 r months of one release.
  const months = 78 * releasesPerMonth;
  return storage(release, months, table);
}

function storage(
  { bytes, gcsReplicas }: Pick<ServedRelease, 'bytes' | 'gcsReplicas'>,
  months: number,
  table: PriceTable,
) {
  const gigabyteMonths = (months * bytes) / gigabyte;
  return [
    costLine(table, 's3Storage', 'kept in S3', gigabyteMonths),
    ...(gcsReplicas === 0 ? [] : [costLine(table, 'gcsStorage', 'kept in Google Cloud', gcsReplicas * gigabyteMonths)]),
  ];
}
