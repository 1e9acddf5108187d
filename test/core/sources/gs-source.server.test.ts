import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import type { SourceExpectation } from '../../../lib/core/sources/expectation.ts';
import { openSource, type SourcePorts } from '../../../lib/core/sources/open-source.ts';
import { PrivateBuckets } from '../../../lib/core/sources/private-buckets.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import type { BucketAccess } from '../../../lib/core/stores/bucket-access.ts';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { openBucket } from '../../../lib/core/stores/open-bucket.ts';
import { gcsServer } from '../../servers/running-servers.ts';
import { newGcsBucket, putGcsObject } from '../../support/new-bucket.ts';
import { failure, readAll, ref } from './source-fixture.ts';

const signal = new AbortController().signal;
const bytes = randomBytes(1_200_000);
const noHttp = { request: () => Promise.reject(new Error('no request expected')), close: async () => {} } as HttpClient;
const server = gcsServer('fake-gcs-server');

describe.skipIf(server === undefined)('a gs: source on fake-gcs-server', () => {
  if (server === undefined) return;
  const { apiEndpoint, projectId } = server;
  const buckets: BucketAccess = {
    s3: () => Promise.reject(new Error('no bucket of Amazon expected')),
    gcs: async () => ({ storage: createGcsStorage({ apiEndpoint, projectId, anonymous: true }), settings: {} }),
  };
  let bucket: string;

  beforeEach(async () => {
    bucket = await newGcsBucket(server);
  });

  const put = (name: string, body: Uint8Array | string) => putGcsObject(server, bucket, name, body);

  function open(key: string, expect: Partial<SourceExpectation> = {}, more: Partial<SourcePorts> = {}) {
    const ports: SourcePorts = {
      http: noHttp,
      manifestDirectory: '/nowhere',
      cache: new SourceCache(),
      openBucket: ({ scheme, bucket }, use) =>
        openBucket(`${scheme}://${bucket}`, { scheme, bucket, prefix: '' }, { buckets, clock: systemClock, use }),
      ...more,
    };
    const expectation = { kind: 'checkpoint', file: 'model.ckpt', size: undefined, sha256: undefined, ...expect };
    return openSource(ref(`gs://${bucket}/${key}`), ports, expectation);
  }

  it('is pinned to its generation, and read by ranges and whole', async () => {
    const generation = await put('folder/model v1.ckpt', bytes);
    const source = await open('folder/model%20v1.ckpt').resolve(signal);
    expect(source.description).toEqual({
      source: `gs://${bucket}/folder/model%20v1.ckpt#${generation}`,
      size: bytes.length,
      version: generation,
      revision: generation,
      sha256: undefined,
      mediaType: undefined,
    });
    expect(await readAll(source, { start: 10, end: 1_000_010 })).toEqual(bytes.subarray(10, 1_000_010));
    expect(await readAll(source)).toEqual(bytes);
  });

  it('stays the generation that was resolved or pinned, whatever comes after it', async () => {
    const first = await put('model', bytes);
    const source = await open('model').resolve(signal);
    await put('model', randomBytes(bytes.length));
    expect(await readAll(source)).toEqual(bytes);
    expect(await readAll(await open(`model#${first}`).resolve(signal))).toEqual(bytes);
    expect((await open('model').resolve(signal)).description.revision).not.toBe(first);
  });

  it('is missing where object, generation or bucket is', async () => {
    await put('model', bytes);
    expect(await failure(open('model#1').resolve(signal))).toMatchObject({
      outcome: 'missing',
      message: expect.stringContaining('that version is gone'),
    });
    expect(await failure(open('other').resolve(signal))).toMatchObject({ outcome: 'missing' });
    bucket = `${bucket}x`;
    expect(await failure(open('model').resolve(signal))).toMatchObject({ outcome: 'missing' });
  });

  it('is refused where its content cannot be a weights file', async () => {
    await put('page', '<!doctype html><html>not here</html>');
    await put('stub', 'x'.repeat(2_000));
    expect(await failure(open('page').resolve(signal))).toMatchObject({ outcome: 'wrong-content' });
    expect(await failure(open('stub').resolve(signal))).toMatchObject({ outcome: 'too-small' });
  });

  it('in a mirror of private releases does not become public', async () => {
    const schema = 'weighbridge/registry/1';
    await put('secret/registry.json', JSON.stringify({ schema, access: 'private' }));
    await put('secret/c/1.0.0/model', bytes);
    await put('shown/registry.json', JSON.stringify({ schema, access: 'public' }));
    await put('shown/c/1.0.0/model', bytes);
    const ports = { privateBuckets: new PrivateBuckets([]) };
    const error = await failure(open('secret/c/1.0.0/model', {}, ports).resolve(signal));
    expect(error).toMatchObject({ outcome: 'forbidden', message: expect.stringContaining('private releases') });
    expect(await readAll(await open('shown/c/1.0.0/model', {}, ports).resolve(signal))).toEqual(bytes);
    expect(await readAll(await open('secret/c/1.0.0/model').resolve(signal))).toEqual(bytes);
  });
});
