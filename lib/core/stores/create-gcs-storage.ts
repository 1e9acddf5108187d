import { Storage, type StorageOptions } from '@google-cloud/storage';
import { type AuthClient, GoogleAuth, PassThroughClient } from 'google-auth-library';

/** Google's own endpoint of the JSON API. */
export const gcsEndpoint = 'https://storage.googleapis.com';

export interface GcsStorageOptions {
  /** Origin of the JSON API, such as an emulator's; Google's own when absent. */
  readonly apiEndpoint?: string;
  /** A key of a service account, or an external account's configuration, as parsed from its file. */
  readonly credentials?: NonNullable<StorageOptions['credentials']>;
  /** Takes the place of credentials, where the caller has a client already. */
  readonly authClient?: AuthClient | GoogleAuth;
  readonly projectId?: string;
  /** No credentials at all: public buckets and emulators. */
  readonly anonymous?: boolean;
  readonly userAgent?: string;
}

/**
 * The Google client that a `GcsStore` takes its endpoint, its tokens and its signatures from. Without credentials the
 * library looks for the application's default ones when the first request is made.
 *
 * The endpoint is always given: left to itself the library takes `STORAGE_EMULATOR_HOST` as the base of its paths,
 * and then even an explicit endpoint does not hold (nodejs-storage 8.4, storage.js). This program makes its URLs from
 * `apiEndpoint` alone. The library's retries are off, because a store has its own.
 */
export function createGcsStorage(options: GcsStorageOptions = {}): Storage {
  const { anonymous = false, authClient, credentials, projectId, userAgent } = options;
  const client = anonymous ? new PassThroughClient() : (authClient ?? authOf(credentials));
  return new Storage({
    apiEndpoint: options.apiEndpoint ?? gcsEndpoint,
    useAuthWithCustomEndpoint: !anonymous,
    retryOptions: { autoRetry: false, maxRetries: 0 },
    ...(client === undefined ? {} : { authClient: client as NonNullable<StorageOptions['authClient']> }),
    ...(projectId === undefined ? {} : { projectId }),
    ...(userAgent === undefined ? {} : { userAgent }),
  });
}

/** What the library itself asks tokens for. */
const scopes = [
  'https://www.googleapis.com/auth/iam',
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/devstorage.full_control',
];

/**
 * Credentials that were parsed already. Given to the constructor they would be written about on stderr, as a
 * warning for those who take them from strangers (google-auth-library 11).
 */
function authOf(credentials: GcsStorageOptions['credentials']): GoogleAuth | undefined {
  if (credentials === undefined) return undefined;
  const auth = new GoogleAuth({ scopes });
  auth.jsonContent = credentials;
  return auth;
}
