import type { AccessStore } from '../../lib/core/access/access-ports.ts';
import type { AccessPorts } from '../../lib/core/access/api/access-app.ts';
import { createAuthenticator } from '../../lib/core/access/authenticate/create-authenticator.ts';
import { BucketPolicySource } from '../../lib/core/access/policy-in-bucket.ts';
import { S3RecordReader } from '../../lib/core/access/s3-record-reader.ts';
import { AssumedRoleSigner } from '../../lib/core/access/sign/assumed-role-signer.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { HttpClient } from '../../lib/core/http/http-client.ts';
import { httpWhenNeeded } from '../../lib/core/http/http-when-needed.ts';
import { createS3Client, type S3ClientOptions } from '../../lib/core/stores/create-s3-client.ts';
import { S3Bucket } from '../../lib/core/stores/s3-bucket.ts';
import { getObject } from '../../lib/core/stores/s3-reads.ts';
import type { AccessEnvironment } from './access-environment.ts';
import { roleTaker } from './assume-role.ts';
import { gcsAccessStore } from './gcs-access-store.ts';
import { programVersion } from './program-version.ts';

/** A caller waits, and there may be another store: what does not answer soon is given up. */
const patience = {
  client: { connectTimeout: 2, idleTimeout: 4 },
  retry: { attempts: 3, base: 0.1, cap: 0.5, budget: 1.5 },
  http: { connect: 2, headers: 4, body: 4 },
} as const;

/** Ports of the API, made of what the function was deployed with. */
export interface OpenedAccess {
  readonly ports: Pick<AccessPorts, 'policies' | 'authenticator' | 'stores' | 'clock'>;
  /** Values that no text may show. */
  secrets(): readonly (string | undefined)[];
}

/**
 * Puts the API together, once. Nothing is asked of anybody.
 * @param onUnreadable told that the policy cannot be read
 */
export function openAccess(
  environment: AccessEnvironment,
  functionName: string,
  onUnreadable: (error: unknown) => void,
): OpenedAccess {
  const { configuration, region, privateBucket, stateBucket, signerRole, s3Endpoint } = environment;
  const clock = systemClock;
  const place = {
    region,
    ...patience.client,
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint.url, forcePathStyle: s3Endpoint.pathStyle }),
  } satisfies Partial<S3ClientOptions>;
  const client = createS3Client({ ...place, credentials: 'machine' });
  const bucket = (name: string) =>
    new S3Bucket({
      url: `s3://${name}`,
      bucket: name,
      prefix: '',
      client,
      settings: {},
      clock,
      policy: patience.retry,
    });
  const state = bucket(stateBucket);
  const records = bucket(privateBucket);

  const signer = new AssumedRoleSigner({
    bucket: privateBucket,
    assume: roleTaker(signerRole, functionName, region),
    clientFor: (credentials) => createS3Client({ ...place, credentials }),
    // As far as the SDK has learnt to correct the clock of the machine.
    clock: { now: () => records.signingTime() },
  });
  const http = (trustedOrigins: readonly string[]): HttpClient =>
    httpWhenNeeded(async () => {
      const { createHttpClient } = await import('../../lib/core/http/create-http-client.ts');
      const userAgent = `weighbridge/${programVersion()}`;
      return createHttpClient({ userAgent, trustedOrigins, timeouts: patience.http });
    });
  const { gcs } = configuration;
  const endpoints = gcs?.endpoint === undefined ? [] : [new URL(gcs.endpoint).origin];
  const fallback = gcs && gcsAccessStore({ gcs, identity: environment, http: http(endpoints), clock });
  const stores: AccessStore[] = [
    { kind: 's3', reader: new S3RecordReader(records), signer },
    ...(fallback === undefined ? [] : [fallback]),
  ];
  return {
    ports: {
      policies: new BucketPolicySource({
        store: { get: (key, limit) => getObject(state, key, limit) },
        clock,
        onUnreadable,
      }),
      authenticator: createAuthenticator({ http: http(configuration.trustedOrigins), clock }),
      stores,
      clock,
    },
    secrets() {
      const keys = environment.awsKeys();
      return [...signer.secrets, keys?.secretAccessKey, keys?.sessionToken];
    },
  };
}
