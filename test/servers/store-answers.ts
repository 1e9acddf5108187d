import type { FaultMatch, StoreAnswer } from './store-fault.ts';

/** An error as S3 words it. */
export function s3Error(
  status: number,
  code: string,
  message = code,
  headers: Readonly<Record<string, string>> = {},
): StoreAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>fault</RequestId></Error>`;
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body: Buffer.from(body) };
}

export const s3Answers = {
  internalError: s3Error(500, 'InternalError', 'We encountered an internal error. Please try again.'),
  slowDown: s3Error(503, 'SlowDown', 'Please reduce your request rate.'),
  accessDenied: s3Error(403, 'AccessDenied', 'Access Denied'),
  noSuchUpload: s3Error(404, 'NoSuchUpload', 'The specified upload does not exist.'),
  noSuchBucket: s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist'),
  preconditionFailed: s3Error(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
  ),
  notImplemented: s3Error(
    501,
    'NotImplemented',
    'A header you provided implies functionality that is not implemented.',
  ),
  /** Of a bucket in another region than the client signs for. */
  otherRegion: s3Error(
    301,
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed elsewhere.',
    {
      'x-amz-bucket-region': 'eu-central-1',
    },
  ),
} as const;

/** S3's refusal of a client whose clock is off, as seen by a server whose own clock says `serverTime`. */
export function requestTimeTooSkewed(serverTime: Date): StoreAnswer {
  const message = 'The difference between the request time and the current time is too large.';
  return s3Error(403, 'RequestTimeTooSkewed', message, { date: serverTime.toUTCString() });
}

/** An error as the JSON API of GCS words it. */
export function gcsError(
  status: number,
  reason: string,
  message = reason,
  headers: Readonly<Record<string, string>> = {},
): StoreAnswer {
  const error = { code: status, message, errors: [{ domain: 'global', reason, message }] };
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: Buffer.from(JSON.stringify({ error })),
  };
}

export const gcsAnswers = {
  backendError: gcsError(503, 'backendError', 'Backend Error'),
  internalError: gcsError(500, 'internalError', 'Internal Error'),
  rateLimited: gcsError(429, 'rateLimitExceeded', 'The object exceeded the rate limit for object mutation operations.'),
  forbidden: gcsError(403, 'forbidden', 'The caller does not have storage.objects.create access.'),
  unauthorized: gcsError(401, 'authError', 'Invalid Credentials'),
  preconditionFailed: gcsError(
    412,
    'conditionNotMet',
    'At least one of the pre-conditions you specified did not hold.',
  ),
  /** Of a session that expired or was cancelled. */
  sessionGone: gcsError(410, 'gone', 'Gone'),
  noSuchBucket: gcsError(404, 'notFound', 'The specified bucket does not exist.'),
} as const;

/** The requests of S3, told apart as the server does: by method and query. */
export const s3Requests = {
  put: { method: 'PUT', target: /^[^?]*(\?x-id=PutObject)?$/ },
  createUpload: { method: 'POST', target: /\?uploads/ },
  part: { method: 'PUT', target: /[?&]partNumber=/ },
  complete: { method: 'POST', target: /[?&]uploadId=/ },
  abort: { method: 'DELETE', target: /[?&]uploadId=/ },
  listParts: { method: 'GET', target: /[?&]uploadId=/ },
  listUploads: { method: 'GET', target: /[?&]uploads/ },
  list: { method: 'GET', target: /[?&]list-type=2/ },
  registry: { method: 'PUT', target: /\/registry\.json(\?|$)/ },
  release: { method: 'PUT', target: /\/release\.json(\?|$)/ },
} as const satisfies Readonly<Record<string, FaultMatch>>;

/** The requests of GCS's JSON API. */
export const gcsRequests = {
  simpleUpload: { method: 'POST', target: /\/upload\/.*[?&]uploadType=(media|multipart)/ },
  createSession: { method: 'POST', target: /\/upload\/.*[?&]uploadType=resumable/ },
  chunk: { method: 'PUT', target: /[?&]upload_id=/ },
  cancelSession: { method: 'DELETE', target: /[?&]upload_id=/ },
  list: { method: 'GET', target: /\/storage\/v1\/b\/[^/]+\/o(\?|$)/ },
} as const satisfies Readonly<Record<string, FaultMatch>>;
