import { resolve } from 'node:path';
import { type CertificateFile, certificateFile, endpoint, flag, set, type Variables } from './variables.ts';

/** What the environment says about S3. Web identity, SSO and the machine's role are left to the SDK, which finds them. */
export interface AwsEnvironment {
  /** `AWS_ACCESS_KEY_ID` and its secret, where both are set. */
  readonly keys: AwsKeys | undefined;
  /** `AWS_REGION`, else `AWS_DEFAULT_REGION`. */
  readonly region: string | undefined;
  readonly profile: string | undefined;
  /** `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`. */
  readonly endpoint: URL | undefined;
  /** `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`: neither those variables nor a profile's `endpoint_url` count. */
  readonly ignoreEndpoints: boolean;
  /** PEM file of `AWS_CA_BUNDLE`, trusted for S3 in addition to Node's own list. */
  readonly caFiles: readonly CertificateFile[];
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** `AWS_CREDENTIAL_EXPIRATION`, as `aws configure export-credentials` gives it: no signed URL outlives it. */
  readonly expiration?: Date;
}

/** What the environment says about Cloud Storage. */
export interface GoogleEnvironment {
  /** Absolute path of `GOOGLE_APPLICATION_CREDENTIALS`. */
  readonly credentialsFile: string | undefined;
  /** `GOOGLE_CLOUD_PROJECT`, else `GCLOUD_PROJECT`. */
  readonly project: string | undefined;
  /** `STORAGE_EMULATOR_HOST`, with or without a scheme: asked instead of Google, and without credentials. */
  readonly emulator: URL | undefined;
}

/** @throws UsageError naming a variable whose value cannot be used. */
export function readAwsEnvironment(variables: Variables): AwsEnvironment {
  const ignoreEndpoints = flag(variables, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS');
  const written = () => endpoint(variables, 'AWS_ENDPOINT_URL_S3') ?? endpoint(variables, 'AWS_ENDPOINT_URL');
  return {
    keys: awsKeys(variables),
    region: set(variables, 'AWS_REGION') ?? set(variables, 'AWS_DEFAULT_REGION'),
    profile: set(variables, 'AWS_PROFILE'),
    endpoint: ignoreEndpoints ? undefined : written(),
    ignoreEndpoints,
    caFiles: certificateFile(variables, 'AWS_CA_BUNDLE'),
  };
}

function awsKeys(variables: Variables): AwsKeys | undefined {
  const accessKeyId = set(variables, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = set(variables, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = set(variables, 'AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const expiration = Date.parse(set(variables, 'AWS_CREDENTIAL_EXPIRATION') ?? '');
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(Number.isNaN(expiration) ? {} : { expiration: new Date(expiration) }),
  };
}

/** @throws UsageError naming a variable whose value cannot be used. */
export function readGoogleEnvironment(variables: Variables): GoogleEnvironment {
  const file = set(variables, 'GOOGLE_APPLICATION_CREDENTIALS');
  const emulator = endpoint(variables, 'STORAGE_EMULATOR_HOST', 'http');
  return {
    credentialsFile: file === undefined ? undefined : resolve(file),
    project: set(variables, 'GOOGLE_CLOUD_PROJECT') ?? set(variables, 'GCLOUD_PROJECT'),
    // Some tools want the path of the API in it, others do not.
    emulator: emulator === undefined ? undefined : new URL(emulator.origin),
  };
}

/**
 * Variables that the cloud SDKs read by themselves and would misread: an empty one is "set" to some of them, and one
 * that names an emulator makes the Cloud Storage client ask it at two addresses at once.
 */
export function misleadingVariables(variables: Variables): readonly string[] {
  const names = Object.keys(variables).filter((name) => /^(?:AWS|GOOGLE|GCLOUD|STORAGE)_/.test(name));
  return names.filter((name) => name === 'STORAGE_EMULATOR_HOST' || set(variables, name) === undefined);
}
