import { NotAuthorised, NotFound, Refused, type WeighbridgeError } from '../errors.ts';
import type { S3Fault } from './s3-fault.ts';
import { StoreError } from './store.ts';

export interface S3ErrorContext {
  readonly bucket: string;
  /** The store as the user wrote it. */
  readonly url: string;
  /** As IAM calls it, such as `s3:PutObject`. */
  readonly action: string;
  /** Key within the store; absent where the whole bucket was asked. */
  readonly key?: string;
}

/** What to tell a caller, and whether another try can help. */
export function s3Error(fault: S3Fault, context: S3ErrorContext): WeighbridgeError {
  const { bucket, action, key, url } = context;
  const where = key === undefined ? url : `${key} of ${url}`;
  const evidence = { bucket, action, key, code: fault.code, status: fault.status };
  const said = fault.message === '' ? '' : `: ${fault.message}`;
  const cause = new Error(`${fault.code}${said}`);
  const options = { evidence, cause };

  if (fault.skewCorrected || fault.is('RequestTimeTooSkewed')) {
    const hint = 'Set the clock of this machine, for example by NTP.';
    const off = skew(fault.serverAhead);
    const message = `${url} refuses requests because the clock of this machine is ${off}`;
    return new StoreError(message, { ...options, hint, retryable: fault.skewCorrected });
  }
  if (
    fault.status === 301 ||
    fault.is('PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException')
  ) {
    return elsewhere(fault, context, options);
  }
  // HEAD answers without a code; of a bucket it can mean only one thing.
  if (fault.is('NoSuchBucket') || (key === undefined && fault.status === 404 && fault.is('NotFound', '404'))) {
    const hint = 'Create it, or check the name and the endpoint.';
    return new StoreError(`there is no bucket ${bucket} for ${url}`, { ...options, hint });
  }
  if (fault.is('InvalidBucketName')) {
    const hint = 'Correct it in the store URL: small letters, digits, dots and hyphens.';
    return new StoreError(`${bucket} of ${url} cannot be the name of a bucket`, { ...options, hint });
  }
  if (fault.is('NoSuchKey', 'NoSuchVersion', 'NotFound', '404')) return new NotFound(`${where} is not there`, options);
  const kms = kmsError(fault, context, options);
  if (kms !== undefined) return kms;
  const refusal = notAuthorised(fault, context, options);
  if (refusal !== undefined) return refusal;
  if (
    fault.is('ObjectParentIsFile', 'ExistingObjectIsDirectory', 'XMinioParentIsObject', 'XMinioObjectExistsAsDirectory')
  ) {
    return new Refused(
      'names-collide',
      `${where} cannot be stored: this server keeps no object beside a folder of its name`,
      options,
    );
  }
  if (fault.is('EntityTooLarge')) return new StoreError(`${where} is larger than the server allows`, options);
  if (fault.is('InvalidRange') || fault.status === 416) {
    return new StoreError(`${where} does not have the range of bytes that was asked for`, options);
  }
  if (fault.is('PreconditionFailed')) {
    return new StoreError(`${where} was changed in the meantime`, { ...options, retryable: true });
  }
  const waiting = fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter };
  const retryable = mayPass(fault);
  // Raised by the SDK of an answer that arrived: cut, corrupted, or of an object that was replaced while it was read.
  if (fault.status === undefined && fault.message.includes('Checksum mismatch')) {
    return new StoreError(`${where} did not arrive with the checksum it was sent with`, {
      ...options,
      retryable: true,
    });
  }
  if (fault.status === undefined) {
    return new StoreError(`${where} was not reached (${fault.code})`, { ...options, ...networkHint(fault), retryable });
  }
  return new StoreError(`${where}: ${action} failed with ${fault.status} ${fault.code}${said}`, {
    ...options,
    ...waiting,
    retryable,
  });
}

interface Options {
  readonly evidence: Readonly<Record<string, string | number | undefined>>;
  readonly cause: Error;
}

const badCredentials: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'its access key is not known there',
  SignatureDoesNotMatch: 'the secret key does not belong to the access key',
  InvalidToken: 'the session token is not valid',
  ExpiredToken: 'the session has expired',
  TokenRefreshRequired: 'the session has expired',
  InvalidClientTokenId: 'the credentials are not known',
  UnrecognizedClientException: 'the credentials are not known',
  CredentialsProviderError: 'no credentials were found',
  TokenProviderError: 'the session has expired',
  // Requests are made of memory; the only files on their way are those of credentials.
  ENOENT: 'a file that the credentials are to come from is not there',
};

function notAuthorised(fault: S3Fault, context: S3ErrorContext, options: Options): NotAuthorised | undefined {
  const { bucket, action, key, url } = context;
  const why = badCredentials[fault.code] ?? (/^Expired/.test(fault.code) ? 'the session has expired' : undefined);
  if (why !== undefined) {
    const hint = 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in again.';
    return new NotAuthorised(`not allowed to use ${url}: ${why}`, { ...options, hint });
  }
  if (fault.status !== 401 && fault.status !== 403) return undefined;
  const target = bucketActions.has(action) ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/*`;
  // Without the right to list, S3 answers 403 instead of 404 for what is not there.
  const also = action === 's3:GetObject' ? `, and s3:ListBucket on arn:aws:s3:::${bucket}` : '';
  const what = key === undefined ? url : `${key} of ${url}`;
  const said = fault.message === '' || fault.code === String(fault.status) ? '' : ` (${fault.code}: ${fault.message})`;
  return new NotAuthorised(`${action} is not allowed for ${what}${said}`, {
    ...options,
    hint: `Allow ${action} on ${target}${also}, or use other credentials.`,
  });
}

const bucketActions: ReadonlySet<string> = new Set([
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
]);

function kmsError(fault: S3Fault, { url }: S3ErrorContext, options: Options): WeighbridgeError | undefined {
  if (!fault.code.startsWith('KMS') && !/\bkms:/.test(fault.message)) return undefined;
  if (fault.status === undefined || fault.status >= 500) return undefined;
  const hint =
    'Allow kms:GenerateDataKey and kms:Decrypt on the key, and check that it is enabled and in the same region.';
  const Failure = fault.status === 403 || fault.is('KMS.AccessDeniedException') ? NotAuthorised : StoreError;
  return new Failure(`the encryption key of ${url} cannot be used (${fault.code}: ${fault.message})`, {
    ...options,
    hint,
  });
}

function elsewhere(fault: S3Fault, { bucket, url }: S3ErrorContext, options: Options): StoreError {
  const place = fault.region === undefined ? 'another region' : `the region ${fault.region}`;
  const hint =
    fault.region === undefined
      ? 'Set AWS_REGION to its region.'
      : `Set AWS_REGION=${fault.region}, or the region of the store in weighbridge.yaml.`;
  return new StoreError(`the bucket ${bucket} of ${url} is in ${place}`, { ...options, hint });
}

function skew(ahead: number | undefined): string {
  if (ahead === undefined) return 'wrong';
  const size = Math.abs(ahead);
  const text = size < 120 ? `${size} seconds` : `${Math.round(size / 60)} minutes`;
  return `${text} ${ahead > 0 ? 'slow' : 'fast'}`;
}

const passing: ReadonlySet<string> = new Set([
  'SlowDown',
  'RequestTimeout',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'RequestLimitExceeded',
  'InternalError',
  'OperationAborted',
  'ConditionalRequestConflict',
  'IncompleteBody',
]);

/** Errors of a network that stay until somebody acts. */
const lasting =
  /^(?:ENOTFOUND|CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_SSL|EPROTO|ERR_INVALID)/;
const network = /^(?:E[A-Z_]+|HPE_.+|TimeoutError|AbortError)$/;

function mayPass(fault: S3Fault): boolean {
  if (passing.has(fault.code) || fault.status === 429) return true;
  if (fault.status === undefined) return network.test(fault.code) && !lasting.test(fault.code);
  return fault.unanswered && fault.status !== 501;
}

function networkHint(fault: S3Fault): { readonly hint?: string } {
  if (fault.is('ENOTFOUND', 'ECONNREFUSED')) return { hint: 'Check the region, the endpoint and the network.' };
  return {};
}
