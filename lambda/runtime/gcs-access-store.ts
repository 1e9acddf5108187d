import type { AwsClient } from 'google-auth-library';
import type { GcsSettings } from '../../lib/contract/cloud/cloud-configuration.ts';
import type { AccessStore } from '../../lib/core/access/access-ports.ts';
import { GcsUrlSigner } from '../../lib/core/access/sign/gcs-url-signer.ts';
import type { Clock } from '../../lib/core/clock.ts';
import { NotAuthorised } from '../../lib/core/errors.ts';
import type { HttpClient } from '../../lib/core/http/http-client.ts';
import { HttpMirror } from '../../lib/core/mirror/http-mirror.ts';
import type { MirrorReader } from '../../lib/core/mirror/mirror-reader.ts';
import type { AwsIdentity } from './handler-environment.ts';
import { mayTakeTokens } from './may-take-tokens.ts';
import { ServiceError } from './service-error.ts';

export interface GcsAccessOptions {
  readonly gcs: GcsSettings;
  readonly identity: AwsIdentity;
  readonly http: HttpClient;
  readonly clock: Clock;
}

const googleStorage = 'https://storage.googleapis.com';
const googleCredentials = 'https://iamcredentials.googleapis.com';

/**
 * The copy of private releases in Cloud Storage, from which URLs are given while S3 cannot be read; undefined where the
 * deployment has none, or no service account that could sign.
 */
export function gcsAccessStore({ gcs, identity, http, clock }: GcsAccessOptions): AccessStore | undefined {
  const bucket = gcs.private?.name;
  const signer = gcs.workloadIdentity.serviceAccount;
  if (bucket === undefined || signer === undefined || !mayTakeTokens(gcs)) return undefined;
  const endpoint = new URL(gcs.endpoint ?? googleStorage).origin;
  const tokens = gcs.tokenEndpoint === undefined ? googleCredentials : new URL(gcs.tokenEndpoint).origin;
  const client = federated(gcs, identity);
  return {
    kind: 'gcs',
    reader: recordReader(`${endpoint}/${bucket}/`, http, client, clock),
    signer: new GcsUrlSigner({
      ...{ endpoint, bucket, signer, clock },
      signBlob: async (text) => {
        const url = `${tokens}/v1/projects/-/serviceAccounts/${signer}:signBlob`;
        const payload = Buffer.from(text).toString('base64');
        const answer = await (await client())
          .request<{ signedBlob?: string }>({ url, method: 'POST', data: { payload }, retry: false, timeout: 5000 })
          .catch((error: unknown) => {
            throw googleError(error, 'signing a URL');
          });
        if (typeof answer.data.signedBlob !== 'string')
          throw new ServiceError('Google gave no signature', { retryable: true });
        return Buffer.from(answer.data.signedBlob, 'base64');
      },
    }),
  };
}

/** Loaded by the first who needs it: S3 answers as a rule. */
function federated(gcs: GcsSettings, identity: AwsIdentity): () => Promise<AwsClient> {
  let client: Promise<AwsClient> | undefined;
  return () => {
    client ??= import('./federated-client.ts').then(({ federatedClient }) => federatedClient(gcs, identity));
    return client;
  };
}

/** Cloud Storage as a tree of files over its XML API, read with a token that leaves the function for nowhere else. */
function recordReader(base: string, http: HttpClient, client: () => Promise<AwsClient>, clock: Clock): MirrorReader {
  const withToken: HttpClient = {
    async request(request) {
      const { token } = await (await client()).getAccessToken().catch((error: unknown) => {
        throw googleError(error, 'taking an identity of Google');
      });
      const authorization = { authorization: `Bearer ${token ?? ''}` };
      return await http.request({
        ...request,
        followRedirects: false,
        headers: { ...request.headers, ...authorization },
      });
    },
    close: () => http.close(),
  };
  return new HttpMirror(base, withToken, clock);
}

/** Messages of the library are left out: some quote requests. */
function googleError(error: unknown, doing: string): Error {
  const status = (error as { readonly status?: unknown } | null)?.status;
  const evidence = typeof status === 'number' ? { status } : {};
  if (status === 400 || status === 401 || status === 403)
    return new NotAuthorised(`${doing}: Google refuses (${status})`, { evidence });
  return new ServiceError(`${doing} failed`, { evidence, retryable: true });
}
