import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { S3BucketOptions } from '../../contract/bucket-configuration.ts';
import type { BucketUse, S3Access, S3Settings } from '../../core/stores/bucket-access.ts';
import { createS3Client, type S3ClientOptions } from '../../core/stores/create-s3-client.ts';
import type { Environment } from '../environment.ts';
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
    credentials: use === 'anonymous' ? 'anonymous' : await credentialsOf(environment),
    agent,
  });
  return { client, settings: settingsOf(options) };
}

/** Whoever reads without credentials needs no profile; where there is one, its endpoint holds. */
async function anyProfile(name: string | undefined): Promise<AwsProfile> {
  return await readAwsProfile(name).catch(() => ({ region: undefined, endpoint: undefined }));
}

/** A profile that is named comes before keys, as in the SDK; the chain ends with web identity and the machine's role. */
async function credentialsOf(environment: Environment): Promise<S3ClientOptions['credentials']> {
  const { aws } = environment;
  if (aws.profile === undefined && aws.keys !== undefined) return aws.keys;
  // Roles and sign-ins are turned into keys by services of their own, to which the same ways lead. Their regions are
  // their own, too: none is given here.
  const agent = agentOptions(await networkWay(new URL('https://sts.amazonaws.com'), environment, aws.caFiles));
  const requestHandler = new NodeHttpHandler({ httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent(agent) });
  return fromNodeProviderChain({
    ...(aws.profile === undefined ? {} : { profile: aws.profile }),
    clientConfig: { requestHandler },
    // What it warns of (keys beside a profile) goes nowhere: stderr may be one JSON event a line.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
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
