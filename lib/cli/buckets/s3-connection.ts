import type { S3BucketOptions } from '../../contract/bucket-configuration.ts';
import type { BucketUse, S3Access, S3Settings } from '../../core/stores/bucket-access.ts';
import { createS3Client } from '../../core/stores/create-s3-client.ts';
import type { Environment } from '../environment.ts';
import { awsCredentials } from './aws-credentials.ts';
import { type AwsProfile, readAwsProfile } from './aws-profile.ts';
import { bucketRegion } from './bucket-region.ts';
import { agentOptions, networkWay } from './network-way.ts';

/** What servers other than Amazon's take, whatever they call their place. */
const anyRegion = 'us-east-1';

/**
 * A client for one bucket. Its endpoint is that of weighbridge.yaml, of the environment or of the AWS profile; its
 * region likewise. A bucket that is only read from may be anybody's, anywhere: then Amazon is asked for its region.
 * @throws NotAuthorised for a profile that does not exist; UsageError for a certificate file that cannot be read.
 */
export async function connectS3(
  bucket: string,
  use: BucketUse,
  options: S3BucketOptions,
  environment: Environment,
): Promise<S3Access> {
  const { aws } = environment;
  const profile = use === 'anonymous' ? await anyProfile(aws.profile) : await readAwsProfile(aws.profile);
  const endpoint = options.endpoint ?? aws.endpoint?.href ?? (aws.ignoreEndpoints ? undefined : profile.endpoint);
  const known = options.region ?? aws.region ?? profile.region;
  const server = new URL(endpoint ?? `https://${bucket}.s3.${known ?? anyRegion}.amazonaws.com`);
  const agent = agentOptions(await networkWay(server, environment, aws.caFiles));

  let region = known ?? anyRegion;
  const elsewhere = use !== 'store' && options.region === undefined;
  if (endpoint === undefined && (known === undefined || elsewhere)) {
    region = (await bucketRegion(bucket, agent)) ?? region;
  }
  const client = createS3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: options.pathStyle ?? endpoint !== undefined,
    credentials: use === 'anonymous' ? 'anonymous' : await awsCredentials(environment),
    agent,
  });
  return { client, settings: settingsOf(options) };
}

/** Whoever reads without credentials needs no profile; where there is one, its endpoint holds. */
async function anyProfile(name: string | undefined): Promise<AwsProfile> {
  return await readAwsProfile(name).catch(() => ({ region: undefined, endpoint: undefined }));
}

function settingsOf({ storageClass, encryption, kmsKeyId, tags, expectedBucketOwner }: S3BucketOptions): S3Settings {
  return {
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(tags === undefined ? {} : { tags }),
    ...(expectedBucketOwner === undefined ? {} : { expectedBucketOwner }),
  };
}
