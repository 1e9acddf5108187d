import { AwsClient } from 'google-auth-library';
import type { GcsSettings as GcsDeployment } from '../../lib/contract/cloud/cloud-configuration.ts';
import { NotAuthorised } from '../../lib/core/errors.ts';
import type { AwsIdentity } from './handler-environment.ts';

/** What the exchange is known to take; what the identity may do is decided by its roles alone. */
const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

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
