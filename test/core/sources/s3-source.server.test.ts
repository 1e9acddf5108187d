import { createHash } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import type { SourceExpectation } from '../../../lib/core/sources/expectation.ts';
import { openSource, type SourcePorts } from '../../../lib/core/sources/open-source.ts';
import { PrivateBuckets } from '../../../lib/core/sources/private-buckets.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import type { BucketAccess } from '../../../lib/core/stores/bucket-access.ts';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { openBucket } from '../../../lib/core/stores/open-bucket.ts';
import { s3Server } from '../../servers/running-servers.ts';
import type { S3Access } from '../../servers/server-access.ts';
import { type NewS3Bucket, newS3Bucket } from '../../support/new-bucket.ts';
import { failure, readAll, ref } from './source-fixture.ts';

const signal = new AbortController().signal;
const bytes = Buffer.alloc(1_500_000, 'weights of a model ');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const noHttp = { request: () => Promise.reject(new Error('no request expected')), close: async () => {} } as HttpClient;

function bucketsOf({ endpoint, region, credentials }: S3Access): BucketAccess {
  return {
    s3: async (_bucket, use) => ({
      client: createS3Client({
        ...{ endpoint, region, forcePathStyle: true },
        credentials: use === 'anonymous' ? 'anonymous' : credentials,
      }),
      settings: {},
    }),
    gcs: () => Promise.reject(new Error('no bucket of Google expected')),
  };
}

for (const name of ['versitygw', 'minio'] as const) {
  const server = s3Server(name);
  describe.skipIf(server === undefined)(`an s3: source on ${name}`, () => {
    if (server === undefined) return;
    let bucket: NewS3Bucket;

    beforeEach(async () => {
      bucket = await newS3Bucket(server);
    });

    async function put(key: string, body: Buffer | string, more: Partial<PutObjectCommandInput> = {}) {
      const input = { Bucket: bucket.name, Key: key, Body: body, ChecksumAlgorithm: 'CRC32C', ...more } as const;
      return (await bucket.client.send(new PutObjectCommand(input))).VersionId;
    }

    function open(key: string, expect: Partial<SourceExpectation> = {}, more: Partial<SourcePorts> = {}) {
      const ports: SourcePorts = {
        http: noHttp,
        manifestDirectory: '/nowhere',
        cache: new SourceCache(),
        openBucket: ({ scheme, bucket }, use) =>
          openBucket(
            `${scheme}://${bucket}`,
            { scheme, bucket, prefix: '' },
            { buckets: bucketsOf(server as S3Access), clock: systemClock, use },
          ),
        ...more,
      };
      const expectation = { kind: 'checkpoint', file: 'model.ckpt', size: undefined, sha256: undefined, ...expect };
      return openSource(ref(`s3://${bucket.name}/${key}`), ports, expectation);
    }

    /** As for a public release: without the credentials of the environment, and not from private mirrors. */
    const forPublic = (stores: ConstructorParameters<typeof PrivateBuckets>[0] = []): Partial<SourcePorts> => ({
      withheldTokens: new Set(['AWS'] as const),
      privateBuckets: new PrivateBuckets(stores),
    });
    const withAws = (stores: ConstructorParameters<typeof PrivateBuckets>[0] = []): Partial<SourcePorts> => ({
      privateBuckets: new PrivateBuckets(stores),
    });

    it('is pinned to its version id, and read by ranges and whole', async () => {
      const version = await put('folder/model v1.ckpt', bytes);
      const source = await open('folder/model%20v1.ckpt').resolve(signal);
      expect(version).toBeDefined();
      expect(source.description).toEqual({
        source: `s3://${bucket.name}/folder/model%20v1.ckpt?versionId=${version}`,
        size: bytes.length,
        version,
        revision: version,
        sha256: undefined,
        mediaType: undefined,
      });
      expect(await readAll(source, { start: 10, end: 1_000_010 })).toEqual(bytes.subarray(10, 1_000_010));
      expect(await readAll(source)).toEqual(bytes);
    });

    it('has the SHA-256 that the store computed, and none that metadata claims', async () => {
      await put('computed', bytes, { ChecksumAlgorithm: 'SHA256' });
      await put('claimed', bytes, { Metadata: { sha256 } });
      expect((await open('computed').resolve(signal)).description.sha256?.hex).toBe(sha256);
      expect((await open('claimed').resolve(signal)).description.sha256).toBeUndefined();
    });

    it('stays the version that was resolved or pinned, whatever comes after it', async () => {
      const first = await put('model', bytes);
      const source = await open('model').resolve(signal);
      const other = Buffer.alloc(bytes.length, 'other');
      await put('model', other);
      expect(await readAll(source)).toEqual(bytes);
      expect(await readAll(await open(`model?versionId=${first}`).resolve(signal))).toEqual(bytes);
      expect(await readAll(await open('model').resolve(signal))).toEqual(other);
    });

    it('is missing where object, version or bucket is', async () => {
      const version = await put('model', bytes);
      await put('model', 'newer');
      await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: 'model', VersionId: version }));
      const gone = await failure(open(`model?versionId=${version}`).resolve(signal));
      expect(gone).toMatchObject({ outcome: 'missing', message: expect.stringContaining('that version is gone') });
      expect(await failure(open('other').resolve(signal))).toMatchObject({ outcome: 'missing' });
      bucket = { ...bucket, name: `${bucket.name}x` };
      expect(await failure(open('model').resolve(signal))).toMatchObject({ outcome: 'missing' });
    });

    it('in a bucket without versions is bound to its ETag: replaced while it is read, it has changed', async () => {
      bucket = await newS3Bucket(server, { versioned: false });
      await put('model', bytes);
      const source = await open('model').resolve(signal);
      expect(source.description).toMatchObject({ source: `s3://${bucket.name}/model`, revision: undefined });
      expect(await readAll(source)).toEqual(bytes);
      await put('model', Buffer.alloc(bytes.length, 'other'));
      expect(await failure(readAll(source, { start: 0, end: 10 }))).toMatchObject({ outcome: 'changed' });
    });

    it('is refused where its content cannot be a weights file', async () => {
      await put('page', '<!doctype html><html>not here</html>');
      await put('big-page', `<!doctype html>${' '.repeat(1_200_000)}`);
      await put('pointer', `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 1\n`);
      await put('stub', 'x'.repeat(2_000));
      expect(await failure(open('page').resolve(signal))).toMatchObject({ outcome: 'wrong-content' });
      expect(await failure(open('pointer').resolve(signal))).toMatchObject({
        outcome: 'wrong-content',
        evidence: { oid: sha256 },
      });
      expect(await failure(open('stub').resolve(signal))).toMatchObject({ outcome: 'too-small' });
      expect(await failure(open('stub', { size: 3 }).resolve(signal))).toMatchObject({ outcome: 'wrong-size' });
      expect(await failure(readAll(await open('big-page').resolve(signal)))).toMatchObject({
        outcome: 'wrong-content',
      });
    });

    it('is read for a public release without credentials, and says so where that is refused', async () => {
      await put('open/model', bytes);
      await put('closed/model', bytes);
      await bucket.allowAll(['s3:GetObject'], 'open/');
      const source = await open('open/model', {}, forPublic()).resolve(signal);
      expect(await readAll(source)).toEqual(bytes);
      const error = await failure(open('closed/model', {}, forPublic()).resolve(signal));
      expect(error).toMatchObject({ outcome: 'gated', hint: expect.stringContaining('tokens: {AWS: {for: any}}') });
      expect(await readAll(await open('closed/model').resolve(signal))).toEqual(bytes);
    });

    it('is not pinned to a version that its reader may not read', async () => {
      const version = await put('model', bytes);
      await bucket.allowAll(['s3:GetObject']);
      const restricted = await open('model', {}, forPublic()).resolve(signal);
      // A server may take the one permission for the other; then the pin can be followed.
      if (restricted.description.revision === undefined) {
        expect(restricted.description.source).toBe(`s3://${bucket.name}/model`);
      } else expect(restricted.description.revision).toBe(version);
      expect(await readAll(restricted)).toEqual(bytes);
      await bucket.allowAll(['s3:GetObject', 's3:GetObjectVersion']);
      expect((await open('model', {}, forPublic()).resolve(signal)).description.revision).toBe(version);
    });

    it('is read without credentials where those that there are do not count', async () => {
      await put('model', bytes);
      await bucket.allowAll(['s3:GetObject', 's3:GetObjectVersion']);
      const strangers = { ...(server as S3Access), credentials: { accessKeyId: 'nobody', secretAccessKey: 'knows' } };
      const place = { scheme: 's3', bucket: bucket.name, prefix: '' } as const;
      const source = open(
        'model',
        {},
        {
          openBucket: (_, use) =>
            openBucket(`s3://${bucket.name}`, place, { buckets: bucketsOf(strangers), clock: systemClock, use }),
        },
      );
      expect(await readAll(await source.resolve(signal))).toEqual(bytes);
    });

    it('in a mirror of private releases does not become public', async () => {
      const registry = (access: string) => JSON.stringify({ schema: 'weighbridge/registry/1', access });
      await put('secret/registry.json', registry('private'));
      await put('secret/c/1.0.0/model', bytes, { Metadata: { release: 'c/1.0.0' } });
      await put('shown/registry.json', registry('public'));
      await put('shown/c/1.0.0/model', bytes, { Metadata: { release: 'c/1.0.0' } });
      await put('lost/c/1.0.0/model', bytes, { Metadata: { release: 'c/1.0.0' } });
      await put('plain/registry.json', '{"access":"private"}');
      await put('plain/model', bytes);

      const error = await failure(open('secret/c/1.0.0/model', {}, withAws()).resolve(signal));
      expect(error).toMatchObject({ outcome: 'forbidden', message: expect.stringContaining('private releases') });
      expect(await failure(open('lost/c/1.0.0/model', {}, withAws()).resolve(signal))).toMatchObject({
        outcome: 'forbidden',
        message: expect.stringContaining('registry cannot be read'),
      });
      const listed = [{ scheme: 's3', bucket: bucket.name, prefix: 'plain/' }] as const;
      expect(await failure(open('plain/model', {}, withAws(listed)).resolve(signal))).toMatchObject({
        outcome: 'forbidden',
        message: expect.stringContaining('weighbridge.yaml'),
      });
      for (const key of ['shown/c/1.0.0/model', 'plain/model']) {
        expect(await readAll(await open(key, {}, withAws()).resolve(signal))).toEqual(bytes);
      }
      expect(await readAll(await open('secret/c/1.0.0/model').resolve(signal))).toEqual(bytes);
    });
  });
}
