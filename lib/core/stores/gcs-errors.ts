import { NotAuthorised, WeighbridgeError } from '../errors.ts';
import { waitFor } from '../http/rate-limit.ts';
import { type RequestKind, StoreError } from './store.ts';

/** What an error message needs to know of the request that failed. */
export interface GcsContext {
  readonly bucket: string;
  readonly kind: RequestKind;
  /** What was being done, as in `reading a/1/w`; never a URL. */
  readonly doing: string;
}

export interface GcsFailure {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

/** https://cloud.google.com/storage/docs/access-control/iam-json: what each kind of request needs. */
const permissions: Readonly<Record<RequestKind, string>> = {
  head: 'storage.objects.get',
  get: 'storage.objects.get',
  list: 'storage.objects.list',
  put: 'storage.objects.create, and storage.objects.delete to replace',
  copy: 'storage.objects.get and storage.objects.create',
  part: 'storage.objects.create',
  complete: 'storage.objects.create',
  abort: 'storage.objects.create',
  delete: 'storage.objects.delete',
};

/** Google says 429 in general, and 403 with these reasons for some quotas. */
const quotaReason = /"reason":\s*"(?:rateLimitExceeded|userRateLimitExceeded)"/;

export function isRateLimited(error: unknown): error is StoreError {
  return error instanceof StoreError && error.evidence.status === 429;
}

/** The bucket itself is missing; otherwise a 404 means one object or session. */
export function isBucketMissing(failure: Pick<GcsFailure, 'status' | 'text'>): boolean {
  return failure.status === 404 && /bucket does not exist/i.test(failure.text);
}

/** The error that an answer means wherever it comes; undefined for one that depends on what was asked. */
export function gcsErrorFor(failure: GcsFailure, context: GcsContext, now: Date): WeighbridgeError | undefined {
  const { status } = failure;
  const { bucket, doing, kind } = context;
  const evidence = { status, bucket };
  const wait = waitFor(failure, now);
  const waiting = wait === undefined ? {} : { retryAfter: wait };
  if (status === 429 || (status === 403 && quotaReason.test(failure.text))) {
    return new StoreError(`${doing}: gs://${bucket} asks for fewer requests`, {
      evidence: { ...evidence, status: 429 },
      retryable: true,
      ...waiting,
    });
  }
  if (status === 401) {
    return new NotAuthorised(`${doing}: gs://${bucket} does not accept the credentials`, {
      evidence,
      hint: 'Log in anew (gcloud auth application-default login), or name other credentials in GOOGLE_APPLICATION_CREDENTIALS.',
    });
  }
  if (status === 403) {
    return new NotAuthorised(`${doing}: gs://${bucket} denies access`, {
      evidence,
      hint: `Grant ${permissions[kind]} on the bucket ${bucket}.`,
    });
  }
  if (isBucketMissing(failure)) return bucketMissing(bucket, doing);
  if (status >= 500 || status === 408) {
    return new StoreError(`${doing}: gs://${bucket} answered with HTTP ${status}`, {
      evidence,
      retryable: status !== 501,
      ...waiting,
    });
  }
  return undefined;
}

/** No `NotFound`: that would be taken for an object that is missing, and a whole mirror for an empty one. */
export function bucketMissing(bucket: string, doing: string): StoreError {
  return new StoreError(`${doing}: there is no bucket ${bucket}`, {
    evidence: { bucket },
    hint: 'Create the bucket, or correct its name in the store URL.',
  });
}

/** An answer that no protocol page gives for this request. */
export function unexpected(failure: GcsFailure, context: GcsContext): StoreError {
  return new StoreError(`${context.doing}: gs://${context.bucket} answered with HTTP ${failure.status}`, {
    evidence: { status: failure.status, bucket: context.bucket },
  });
}

/** What the network did. Whether the store acted is unknown then; every request here may be made again. */
export function connectionError(error: unknown, context: GcsContext): StoreError {
  const code = codeOf(error);
  const lasting = code === 'ENOTFOUND' || /^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code);
  return new StoreError(`${context.doing}: the connection to gs://${context.bucket} failed (${code})`, {
    evidence: { bucket: context.bucket, code },
    retryable: !lasting,
  });
}

/** Credentials could not be had. No message of the library is shown: some quote paths or answers with tokens. */
export function credentialsError(error: unknown, context: GcsContext): WeighbridgeError {
  if (error instanceof WeighbridgeError) return error;
  const text = error instanceof Error ? error.message : '';
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
  if (status >= 500 || status === 429 || /^(?:ECONN|ETIMEDOUT|EAI_AGAIN|EPIPE|UND_ERR)/.test(codeOf(error))) {
    return new StoreError(`${context.doing}: a token for gs://${context.bucket} could not be had just now`, {
      retryable: true,
      evidence: { bucket: context.bucket },
    });
  }
  const missing = /default credentials/i.test(text);
  return new NotAuthorised(
    `${context.doing}: ${missing ? 'there are no Google credentials' : 'the Google credentials give no token'} for gs://${context.bucket}`,
    {
      evidence: { bucket: context.bucket },
      hint: 'Run `gcloud auth application-default login`, or name a key or a federation file in GOOGLE_APPLICATION_CREDENTIALS.',
    },
  );
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return 'unknown';
}
