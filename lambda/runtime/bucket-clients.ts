import type { S3Client } from '@aws-sdk/client-s3';
import type { BucketGrant } from '../../lib/contract/cloud/source-grants.ts';
import type { BucketAccess, BucketUse, GcsAccess, S3Access, S3Settings } from '../../lib/core/stores/bucket-access.ts';
import { createS3Client } from '../../lib/core/stores/create-s3-client.ts';
import type { HandlerEnvironment } from './handler-environment.ts';

/**
 * Clients for buckets, kept as long as the function's environment lives. Cloud Storage is loaded by the first who
 * needs it: most runs do not.
 * @param userAgent `weighbridge/1.2.3`
 */
export function bucketClients(environment: HandlerEnvironment, userAgent: string): BucketAccess {
  const s3 = new Map<string, S3Client>();
  const gcs = new Map<BucketUse, Promise<GcsAccess>>();

  function s3Client(region: string, anonymous: boolean): S3Client {
    const name = `${anonymous} ${region}`;
    const known = s3.get(name);
    if (known !== undefined) return known;
    const { s3Endpoint } = environment;
    const client = createS3Client({
      region,
      ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint.url, forcePathStyle: s3Endpoint.pathStyle }),
      credentials: anonymous ? 'anonymous' : 'machine',
    });
    s3.set(name, client);
    return client;
  }

  return {
    async s3(bucket, use = 'store'): Promise<S3Access> {
      if (use === 'store') return { client: s3Client(environment.region, false), settings: ownSettings(environment) };
      const grant = grantOf(environment, `s3://${bucket}`);
      const region = grant?.region ?? environment.region;
      return { client: s3Client(region, use === 'anonymous'), settings: sourceSettings(grant) };
    },
    gcs(_, use = 'store') {
      const known = gcs.get(use) ?? connect(use);
      gcs.set(use, known);
      known.catch(() => gcs.delete(use));
      return known;
    },
  };

  async function connect(use: BucketUse): Promise<GcsAccess> {
    const { connectGcs } = await import('./gcs-connection.ts');
    return connectGcs(use, environment, userAgent);
  }
}

/** Grants of one bucket agree on whose and where it is. */
function grantOf({ configuration }: HandlerEnvironment, bucket: string): BucketGrant | undefined {
  return configuration.sources.buckets.find((grant) => grant.bucket === bucket);
}

/** Said with each object, too: a bucket's default can be changed by whoever may change the bucket. */
function ownSettings({ kmsKey }: HandlerEnvironment): S3Settings {
  return kmsKey === undefined ? {} : { encryption: 'aws:kms', kmsKeyId: kmsKey };
}

function sourceSettings(grant: BucketGrant | undefined): S3Settings {
  return grant?.account === undefined ? {} : { expectedBucketOwner: grant.account };
}
