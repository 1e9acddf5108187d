import { expect, test } from 'vitest';
import { formatUploadId, parseUploadId } from '../../../lib/core/stores/gcs-upload-id.ts';

const google = new URL('https://storage.googleapis.com');
const uri = new URL('https://storage.googleapis.com/upload/storage/v1/b/b/o?uploadType=resumable&upload_id=AB-c_1');
const about = { uri, size: 10, partSize: 4, mark: 'm', crc32c: 'AAAAAA==' };
const id = formatUploadId(about, 'b', 'some/k');

test('an upload id names its session, and all that is needed to go on', () => {
  expect(parseUploadId(id, google, 'b', 'some/k')).toEqual(about);
  const plain = { ...about, crc32c: undefined };
  expect(parseUploadId(formatUploadId(plain, 'b', 'k'), google, 'b', 'k')).toEqual(plain);
});

test('an upload id is the address of the session, so that what hides such addresses hides it', () => {
  expect(id.startsWith(`${uri.href}#`)).toBe(true);
});

test.each([
  ['another object', id, google, 'b', 'some/l'],
  ['another bucket', id, google, 'c', 'some/k'],
  ['another service', id, new URL('http://127.0.0.1:8080'), 'b', 'some/k'],
  [
    'a host that only ends like one of Google',
    id.replace('storage.googleapis.com', 'evilgoogleapis.com'),
    google,
    'b',
    'some/k',
  ],
  ['plain http', id.replace('https:', 'http:'), google, 'b', 'some/k'],
  ['no size', id.replace('size=10', 'size=-1'), google, 'b', 'some/k'],
  ['no mark', id.replace('mark=m', 'mark='), google, 'b', 'some/k'],
  ['no URL', '../../escape', google, 'b', 'some/k'],
] as const)('an upload id is not taken for %s', (_, text, endpoint, bucket, name) => {
  expect(parseUploadId(text, endpoint, bucket, name)).toBeUndefined();
});

test('a regional endpoint of Google is the same service', () => {
  const regional = new URL('https://storage.europe-west4.rep.googleapis.com');
  expect(parseUploadId(id, regional, 'b', 'some/k')).toBeDefined();
});
