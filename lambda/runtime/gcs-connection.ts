import { AwsClient } from 'google-auth-library';
import type { GcsSettings as GcsDeployment } from '../../lib/contract/cloud/cloud-configuration.ts';
import { NotAuthorised } from '../../lib/core/errors.ts';
import type { BucketUse, GcsAccess } from '../../lib/core/stores/bucket-access.ts';
import { createGcsStorage, gcsEndpoint } from '../../lib/core/stores/create-gcs-storage.ts';
import type { AwsIdentity, HandlerEnvironment } from './handler-environment.ts';

/** What the exchange is known to take; what the identity may do is decided by its roles alone. */
const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

/** No request of a store needs a project, and the library would ask others for one. */
const noProject = 'none';

/**
 * A client for Cloud Storage. The function's AWS role is exchanged for a token of Google's (workload identity
 * federation), again and again as tokens expire: there is no key anywhere.
 */
export function connectGcs(use: BucketUse, environment: HandlerEnvironment, userAgent: string): GcsAccess {
  const { gcs } = environment.configuration;
  const endpoint = gcs?.endpoint ?? gcsEndpoint;
  const anonymous = use === 'anonymous' || gcs === undefined || !mayTakeTokens(gcs);
  const storage = createGcsStorage({
    apiEndpoint: new URL(endpoint).origin,
    anonymous,
    userAgent,
    projectId: gcs?.project ?? noProject,
    ...(anonymous ? {} : { authClient: federatedClient(gcs, environment) }),
  });
  const settings = use === 'store' && gcs !== undefined ? { storageClass: gcs.storageClass } : {};
  return { storage, settings };
}

/**
 * A token in plain text would be everybody's on the way: a server without TLS gets one only from a token service of its
 * own, never one of Google's.
 */
export function mayTakeTokens({ endpoint, tokenEndpoint }: GcsDeployment): boolean {
  return endpoint === undefined || new URL(endpoint).protocol === 'https:' || tokenEndpoint !== undefined;
}

/** https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds */
export function federatedClient(gcs: GcsDeployment, environment: AwsIdentity): AwsClient {
  const { provider, serviceAccount } = gcs.workloadIdentity;
  const tokens = gcs.tokenEndpoint === undefined ? undefined : new URL(gcs.tokenEndpoint);
  const impersonation = tokens?.origin ?? 'https://iamcredentials.googleapis.com';
  const client = new AwsClient({
    type: 'external_account',
    audience: provider,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    token_url: tokens === undefined ? 'https://sts.googleapis.com/v1/token' : tokenPath(tokens),
    aws_security_credentials_supplier: {
      getAwsRegion: async () => environment.region,
      async getAwsSecurityCredentials() {
        const keys = environment.awsKeys();
        if (keys === undefined) throw new NotAuthorised('the function has no AWS credentials to show to Google');
        const { accessKeyId, secretAccessKey, sessionToken } = keys;
        return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { token: sessionToken }) };
      },
    },
    ...(serviceAccount === undefined
      ? {}
      : {
          service_account_impersonation_url: `${impersonation}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
        }),
  });
  client.scopes = scopes;
  return client;
}

/** The service's path, where only its host is given. */
function tokenPath(url: URL): string {
  return url.pathname === '/' ? `${url.origin}/v1/token` : url.href;
}
