import { describe, expect, test } from 'vitest';
import { NotAuthorised, NotFound, Refused } from '../../../lib/core/errors.ts';
import { s3Error } from '../../../lib/core/stores/s3-errors.ts';
import { S3Fault } from '../../../lib/core/stores/s3-fault.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';

const now = new Date('2026-11-21T12:00:00Z');
const context = { bucket: 'b', url: 's3://b/prod', action: 's3:PutObject', key: 'a/1/w' };

/** As the SDK throws it. */
function thrown(name: string, status: number, headers: Readonly<Record<string, string>> = {}, message = 'because') {
  return Object.assign(new Error(message), {
    name,
    $metadata: { httpStatusCode: status },
    $response: { statusCode: status, headers },
  });
}

const told = (error: unknown, more = {}) => s3Error(new S3Fault(error, now), { ...context, ...more });

describe('an answer of S3', () => {
  test.each([
    ['AccessDenied', 403],
    ['InvalidAccessKeyId', 403],
    ['SignatureDoesNotMatch', 403],
    ['ExpiredToken', 400],
    ['InvalidToken', 400],
    ['UnknownError', 403],
    ['UnknownError', 401],
  ])('%s (%i) means that something is not allowed', (name, status) => {
    const error = told(thrown(name, status));
    expect(error).toBeInstanceOf(NotAuthorised);
    expect(error.retryable).toBe(false);
    expect(error.message).toContain('s3://b/prod');
    expect(error.hint).toMatch(/Allow s3:PutObject on arn:aws:s3:::b\/\*|AWS_ACCESS_KEY_ID/);
  });

  test('about reading says that listing is needed as well, and about the bucket names the bucket', () => {
    const read = told(thrown('AccessDenied', 403), { action: 's3:GetObject' });
    expect(read.hint).toContain('s3:ListBucket on arn:aws:s3:::b');
    const list = told(thrown('AccessDenied', 403), { action: 's3:ListBucket', key: undefined });
    expect(list.hint).toBe('Allow s3:ListBucket on arn:aws:s3:::b, or use other credentials.');
  });

  test.each([
    ['SlowDown', 503],
    ['InternalError', 500],
    ['InternalError', 200],
    ['UnknownError', 502],
    ['RequestTimeout', 400],
    ['OperationAborted', 409],
    ['UnknownError', 429],
  ])('%s (%i) may pass', (name, status) => {
    expect(told(thrown(name, status))).toMatchObject({ name: 'StoreError', retryable: true });
  });

  test.each([
    ['EntityTooLarge', 400],
    ['InvalidArgument', 400],
    ['NotImplemented', 501],
    ['InvalidPart', 400],
    ['BadDigest', 400],
  ])('%s (%i) stays', (name, status) => {
    expect(told(thrown(name, status))).toMatchObject({ name: 'StoreError', retryable: false });
  });

  test('says when to come back, in seconds or by a date', () => {
    expect(told(thrown('SlowDown', 503, { 'retry-after': '7' })).retryAfter).toBe(7);
    const date = new Date(now.getTime() + 90_000).toUTCString();
    expect(told(thrown('SlowDown', 503, { 'retry-after': date })).retryAfter).toBe(90);
    expect(told(thrown('SlowDown', 503, { 'retry-after': 'soon' })).retryAfter).toBeUndefined();
  });

  test.each([
    thrown('PermanentRedirect', 301, { 'x-amz-bucket-region': 'eu-west-1' }),
    thrown('UnknownError', 301, { 'x-amz-bucket-region': 'eu-west-1' }),
    thrown('AuthorizationHeaderMalformed', 400, {}, "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
    Object.assign(thrown('AuthorizationHeaderMalformed', 400), { Region: 'eu-west-1' }),
  ])('from another region names it', (error) => {
    expect(told(error).message).toBe('the bucket b of s3://b/prod is in the region eu-west-1');
    expect(told(error).hint).toContain('AWS_REGION=eu-west-1');
  });

  test('tells a missing key from a missing bucket', () => {
    expect(told(thrown('NoSuchKey', 404))).toBeInstanceOf(NotFound);
    expect(told(thrown('NoSuchBucket', 404))).toBeInstanceOf(StoreError);
    expect(told(thrown('NotFound', 404))).toBeInstanceOf(NotFound);
    expect(told(thrown('NotFound', 404), { key: undefined })).toBeInstanceOf(StoreError);
  });

  test('that the clock is off says by how much, and may pass once the SDK has learnt it', () => {
    const date = new Date(now.getTime() - 1_200_000).toUTCString();
    const error = told(thrown('RequestTimeTooSkewed', 403, { date }));
    expect(error.message).toBe('s3://b/prod refuses requests because the clock of this machine is 20 minutes fast');
    expect(error.retryable).toBe(false);
    const learnt = thrown('RequestTimeTooSkewed', 403, { date });
    Object.assign(learnt.$metadata, { clockSkewCorrected: true });
    expect(told(learnt).retryable).toBe(true);
  });

  test('about a key of KMS says so', () => {
    expect(told(thrown('KMS.DisabledException', 400)).message).toContain('encryption key');
    const denied = told(thrown('AccessDenied', 403, {}, 'not authorized to perform: kms:GenerateDataKey'));
    expect(denied).toBeInstanceOf(NotAuthorised);
    expect(denied.hint).toContain('kms:GenerateDataKey');
  });

  test('that a folder is in the way is a refusal', () => {
    expect(told(thrown('ExistingObjectIsDirectory', 409))).toBeInstanceOf(Refused);
  });
});

describe('no answer', () => {
  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT'])(
    'because of %s may pass',
    (code) => {
      const fault = new S3Fault(Object.assign(new Error('x'), { code }), now);
      expect(fault.unanswered).toBe(true);
      expect(s3Error(fault, context)).toMatchObject({ name: 'StoreError', retryable: true });
    },
  );

  test('in time may pass', () => {
    expect(told(Object.assign(new Error('x'), { name: 'TimeoutError' })).retryable).toBe(true);
  });

  test.each(['ENOTFOUND', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'])('because of %s stays', (code) => {
    expect(told(Object.assign(new Error('x'), { code })).retryable).toBe(false);
  });

  test('because there are no credentials means that nothing is allowed', () => {
    const error = told(Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }));
    expect(error).toBeInstanceOf(NotAuthorised);
  });

  test('because the file of a web identity is missing means the same, at once', () => {
    const error = told(Object.assign(new Error("ENOENT: no such file, open '/secret'"), { code: 'ENOENT' }));
    expect(error).toBeInstanceOf(NotAuthorised);
    expect(error.retryable).toBe(false);
    expect(error.message).not.toContain('/secret');
  });

  test('for a reason without a name is said so', () => {
    expect(told(new Error('x')).message).toContain('(unknown)');
  });

  test('because of several addresses is told by the first', () => {
    const each = ['ECONNREFUSED', 'ENETUNREACH'].map((code) => Object.assign(new Error('x'), { code }));
    expect(told(new AggregateError(each)).message).toContain('ECONNREFUSED');
  });
});
