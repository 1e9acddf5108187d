import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  GetObjectTaggingCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { NotAuthorised, NotFound } from '../../../lib/core/errors.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { created, sealOf, sendAll, signal } from '../../conformance/store-place.ts';
import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { clientOf, makeBucket, storeOn } from './s3-place.ts';

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const) {
  describe.skipIf(lacksS3Server(name))(`a bucket of ${name}`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let client: S3Client;

    beforeAll(async () => {
      server = await start();
      proxy = await startFaultProxy(server.url);
      client = clientOf(server);
    });

    afterAll(async () => {
      client.destroy();
      await proxy.stop();
      await server.stop();
    });

    test('that does not exist is an error by that name, never a missing object', async () => {
      const store = storeOn(client, 'w-not-there');
      const missing = /there is no bucket w-not-there/;
      await expect(store.head('k')).rejects.toThrow(missing);
      await expect(store.get('k', 10)).rejects.toThrow(missing);
      await expect(bytesOf(store.read('k'))).rejects.toThrow(missing);
      await expect(all(store.list(''))).rejects.toThrow(missing);
      await expect(store.put('k', Buffer.from('x'), { ifAbsent: true })).rejects.toThrow(missing);
      await expect(store.put('k', Buffer.from('x'), { ifMatch: '"a"' })).rejects.toThrow(missing);
      await expect(store.beginUpload('k', { size: 1 })).rejects.toThrow(missing);
      await expect(store.checkSettings()).rejects.toThrow(missing);
      const failure = await store.head('k').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ retryable: false });
    });

    test('asks only once whether it exists', async () => {
      const store = storeOn(client, await makeBucket(client));
      for (const key of ['a', 'b', 'c']) expect(await store.head(key)).toBeUndefined();
      expect(store.requests.head).toBe(4);
    });

    test.each([
      ['an unknown access key', { accessKeyId: 'nobody-knows-it', secretAccessKey: 'x' }],
      ['a wrong secret', { accessKeyId: 'testroot', secretAccessKey: 'not-the-secret' }],
    ])('refuses %s, and the message says what to do without the secret', async (_, credentials) => {
      const bucket = await makeBucket(client);
      const wrong = clientOf(server, { credentials });
      const store = storeOn(wrong, bucket);
      const tries = [
        () => store.head('k'),
        () => store.get('k', 1),
        () => bytesOf(store.read('k')),
        () => all(store.list('')),
        () => store.put('k', Buffer.from('x'), { ifAbsent: true }),
        () => store.put('k', Buffer.alloc(12_000_000), { ifAbsent: true }),
        () => store.beginUpload('k', { size: 1 }),
      ];
      for (const attempt of tries) {
        const failure = await attempt().catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(NotAuthorised);
        const { message, hint } = failure as NotAuthorised;
        expect(message).toMatch(
          /: (?:its access key is not known there|the secret key does not belong to the access key)$/,
        );
        expect(message).toContain(`s3://${bucket}/`);
        expect(hint).toBeDefined();
        expect(`${message} ${hint}`).not.toContain(credentials.secretAccessKey.padEnd(5, '#'));
      }
      wrong.destroy();
    });

    test('that is private refuses somebody without credentials; one that is public is read by them', async () => {
      const bucket = await makeBucket(client);
      await created(storeOn(client, bucket), 'open/k', 'for all');
      await created(storeOn(client, bucket), 'closed/k', 'for us');
      const nobody = clientOf(server, { credentials: 'anonymous' });
      const store = storeOn(nobody, bucket);
      await expect(store.head('open/k')).rejects.toThrow(NotAuthorised);
      const statement = {
        Effect: 'Allow',
        Principal: { AWS: ['*'] },
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/open/*`],
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      expect((await bytesOf(store.read('open/k'))).toString()).toBe('for all');
      expect((await store.head('open/k'))?.size).toBe(7);
      await expect(bytesOf(store.read('closed/k'))).rejects.toThrow(/s3:GetObject is not allowed for closed\/k/);
      await expect(store.put('open/k2', Buffer.from('x'), { ifAbsent: true })).rejects.toThrow(NotAuthorised);
      await expect(store.presign('open/k', { expiresIn: 60 })).rejects.toThrow(NotAuthorised);
      nobody.destroy();
    });

    test('is used though the clock of this machine is an hour off', async () => {
      const bucket = await makeBucket(client);
      for (const hours of [1, -1]) {
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
        try {
          const skewed = clientOf(server);
          const store = storeOn(skewed, bucket);
          expect((await store.put(`k${hours}`, Buffer.from('x'), { ifAbsent: true })).outcome).toBe('created');
          expect(store.requests.put).toBe(2);
          const words = `60 minutes ${hours > 0 ? 'fast' : 'slow'}`;
          expect(await store.checkSettings()).toEqual([expect.stringContaining(words)]);
          const [now, url] = [await store.now(), (await store.presign(`k${hours}`, { expiresIn: 60 })).url];
          skewed.destroy();
          vi.useRealTimers();
          expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(60_000);
          expect((await fetch(url)).status).toBe(200);
        } finally {
          vi.useRealTimers();
        }
      }
    });

    test('in another region is refused with the name of that region', async () => {
      const bucket = await makeBucket(client);
      const far = clientOf(server, { endpoint: proxy.url });
      const headers = { 'x-amz-bucket-region': 'eu-west-1' };
      proxy.fault({}, { kind: 'answer', answer: { status: 301, headers, body: Buffer.alloc(0) } });
      const store = storeOn(far, bucket);
      await expect(store.head('k')).rejects.toThrow(/is in the region eu-west-1/);
      await expect(store.put('k', Buffer.from('x'), { ifAbsent: true })).rejects.toThrow(/is in the region eu-west-1/);
      proxy.clear();
      far.destroy();
    });

    test('says the time', async () => {
      const store = storeOn(client, await makeBucket(client));
      const requests = { ...store.requests };
      expect(Math.abs((await store.now()).getTime() - Date.now())).toBeLessThan(2000);
      await store.now();
      expect(store.requests).toEqual(requests);
    });

    test('has settings that are worth a sentence', async () => {
      const bucket = await makeBucket(client, false);
      const store = storeOn(client, bucket);
      expect(await store.checkSettings()).toEqual([
        `versioning of s3://${bucket}/ is off: objects.json has no versions, and URLs are not pinned to one.`,
      ]);
      expect((await created(store, 'k', 'x')).version).toBeUndefined();
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
      expect(await store.checkSettings()).toEqual([]);
      expect((await created(store, 'v', 'x')).version).toBeDefined();
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBe('Suspended');
      expect((await store.checkSettings())[0]).toContain('is suspended');
      expect((await created(store, 's', 'x')).version).toBeUndefined();
    });

    test('whose new objects are locked says so, and takes a release all the same', async () => {
      const bucket = `w-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
      await client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } },
          },
        }),
      );
      const store = storeOn(client, bucket);
      expect(await store.checkSettings()).toEqual([expect.stringContaining('locked for 3 days in governance mode')]);
      const first = await created(store, 'k', 'one');
      expect((await store.put('k', Buffer.from('two'), { ifMatch: first.etag })).outcome).toBe('created');
    });

    test.each([
      [501, 'NotImplemented'],
      [403, 'AccessDenied'],
    ])('whose settings cannot be read (%i) says so', async (status, code) => {
      const bucket = await makeBucket(client);
      const far = clientOf(server, { endpoint: proxy.url });
      const body = Buffer.from(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
      proxy.fault({ method: 'GET' }, { kind: 'answer', answer: { status, headers: {}, body } });
      const found = await storeOn(far, bucket).checkSettings();
      proxy.clear();
      far.destroy();
      expect(found).toEqual([
        `whether s3://${bucket}/ keeps versions cannot be read (s3:GetBucketVersioning: ${code}).`,
        `whether s3://${bucket}/ locks new objects cannot be read (s3:GetBucketObjectLockConfiguration: ${code}).`,
      ]);
    });

    test('gets its objects with tags, by a put and by an upload', async () => {
      const bucket = await makeBucket(client);
      const store = storeOn(client, bucket, { settings: { tags: { team: 'weights + biases', 'cost centre': '7=8' } } });
      const data = Buffer.from('x');
      await created(store, 'put', data);
      const upload = await store.beginUpload('upload', { size: 1 });
      await sendAll(upload, data);
      await upload.complete(sealOf(data), signal);
      for (const Key of ['put', 'upload']) {
        const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }));
        expect(Object.fromEntries(TagSet.map((tag) => [tag.Key, tag.Value]))).toEqual({
          team: 'weights + biases',
          'cost centre': '7=8',
        });
      }
    });

    test('is sent how to store, whose it must be, and bodies that are checked but not signed', async () => {
      const bucket = await makeBucket(client);
      const far = clientOf(server, { endpoint: proxy.url });
      const seen: IncomingHttpHeaders[] = [];
      const body = Buffer.from('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
      const when = (request: IncomingMessage) => seen.push(request.headers) > 0;
      proxy.fault({ when }, { kind: 'answer', answer: { status: 403, headers: {}, body } });
      const settings = {
        storageClass: 'STANDARD_IA',
        encryption: 'aws:kms',
        kmsKeyId: 'arn:aws:kms:eu-west-1:1:key/2',
        expectedBucketOwner: '123456789012',
      } as const;
      const store = storeOn(far, bucket, { settings });
      const attributes = { contentType: 'application/json', cacheControl: 'max-age=60', metadata: { sha256: 'ab' } };
      await store.put('k', Buffer.from('x'), { ifAbsent: true }, attributes).catch(() => {});
      await store.beginUpload('k', { ...attributes, size: 1 }).catch(() => {});
      await store.head('k').catch(() => {});
      proxy.clear();
      far.destroy();
      const stored = {
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:1:key/2',
        'x-amz-meta-sha256': 'ab',
        'content-type': 'application/json',
        'cache-control': 'max-age=60',
      };
      const owner = { 'x-amz-expected-bucket-owner': '123456789012' };
      expect(seen).toEqual([
        expect.objectContaining({
          ...stored,
          ...owner,
          'if-none-match': '*',
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          'x-amz-checksum-crc32c': Crc32c.ofBytes(Buffer.from('x')).base64,
        }),
        expect.objectContaining({
          ...stored,
          ...owner,
          'x-amz-checksum-algorithm': 'CRC32C',
          'x-amz-checksum-type': 'FULL_OBJECT',
        }),
        expect.objectContaining({ ...owner, 'x-amz-checksum-mode': 'ENABLED' }),
        // HEAD was refused without a word: why, is asked by GET.
        expect.objectContaining({ ...owner, range: 'bytes=0-0' }),
      ]);
    });

    test('of which an old version is read stays readable by it', async () => {
      const store = storeOn(client, await makeBucket(client));
      const first = await created(store, 'k', 'one');
      await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
      const { version = '', etag } = first;
      expect((await bytesOf(store.read('k', { version, etag }))).toString()).toBe('one');
      await expect(bytesOf(store.read('gone', {}))).rejects.toThrow(NotFound);
    });

    test('gives URLs that work with plain fetch, for a range too, and not when changed or expired', async () => {
      const store = storeOn(client, await makeBucket(client));
      const first = await created(store, 'dir/w e+ight.bin', 'one two three');
      const { version = '' } = first;
      await store.put('dir/w e+ight.bin', Buffer.from('replaced'), { ifMatch: first.etag });
      const before = Date.now();
      const signed = await store.presign('dir/w e+ight.bin', { version, expiresIn: 60, fileName: 'mödel "1".bin' });
      expect(signed.expiresAt.getTime()).toBeGreaterThan(before + 57_000);
      expect(signed.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
      expect(signed.url).not.toMatch(/checksum/i);
      const answer = await fetch(signed.url);
      expect(await answer.text()).toBe('one two three');
      expect(answer.headers.get('content-disposition')).toBe(
        `attachment; filename="m_del _1_.bin"; filename*=UTF-8''m%C3%B6del%20%221%22.bin`,
      );
      const part = await fetch(signed.url, { headers: { range: 'bytes=4-6' } });
      expect([part.status, await part.text()]).toEqual([206, 'two']);
      const tampered = [
        signed.url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=600'),
        signed.url.replace('/dir/', '/other/'),
        signed.url.replace(/X-Amz-Signature=./, (found) => `X-Amz-Signature=${found.endsWith('0') ? '1' : '0'}`),
      ];
      for (const url of tampered) expect((await fetch(url)).status).toBe(403);
      const short = await store.presign('dir/w e+ight.bin', { expiresIn: 1 });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect((await fetch(short.url)).status).toBe(403);
    });

    test('gives no URL that outlives the credentials', async () => {
      const expiration = new Date(Date.now() + 100_000);
      const brief = clientOf(server, { credentials: { ...server.credentials, expiration } });
      const store = storeOn(brief, await makeBucket(client));
      const { url, expiresAt } = await store.presign('k', { expiresIn: 3600 });
      expect(expiresAt.getTime()).toBeLessThanOrEqual(expiration.getTime());
      expect(Number(new URL(url).searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(100);
      await expect(store.presign('k', { expiresIn: 8 * 24 * 3600 })).rejects.toThrow(/1 to 604800 seconds/);
      brief.destroy();
      const ended = clientOf(server, { credentials: { ...server.credentials, expiration: new Date(0) } });
      await expect(storeOn(ended, 'b').presign('k', { expiresIn: 60 })).rejects.toThrow(NotAuthorised);
      ended.destroy();
    });
  });
}
