import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { created, sealOf, sendAll, sendPart, signal } from '../../conformance/store-place.ts';
import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { clientOf, makeBucket, storeOn } from './s3-place.ts';

const mebibyte = 2 ** 20;
const lost = { kind: 'lose-answer' } as const;
const completion = { method: 'POST', target: /uploadId=/, times: 1 } as const;

function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}) {
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  return {
    kind: 'answer',
    answer: { status, headers: { 'content-type': 'application/xml', ...headers }, body },
  } as const;
}

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const) {
  describe.skipIf(lacksS3Server(name))(`behind a bad line to ${name},`, () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let direct: S3Client;
    let client: S3Client;
    let bucket: string;
    let store: S3Store;
    let other: S3Store;

    beforeAll(async () => {
      server = await start();
      proxy = await startFaultProxy(server.url);
      direct = clientOf(server);
      client = clientOf(server, { endpoint: proxy.url, idleTimeout: 2 });
    });

    afterAll(async () => {
      client.destroy();
      direct.destroy();
      await proxy.stop();
      await server.stop();
    });

    beforeEach(async () => {
      proxy.clear();
      bucket = await makeBucket(direct);
      store = storeOn(client, bucket);
      other = storeOn(direct, bucket);
    });

    async function begun(data: Uint8Array) {
      const upload = await store.beginUpload('k', { size: data.length, metadata: { sha256: sealOf(data).sha256 } });
      await sendAll(upload, data);
      return upload;
    }

    test('a put whose answer is lost is known to be ours', async () => {
      const rule = proxy.fault({ method: 'PUT', times: 1 }, lost);
      const result = await store.put('k', Buffer.from('mine'), { ifAbsent: true }, { metadata: { a: 'b' } });
      expect(rule.met).toBe(1);
      expect(result).toEqual({ outcome: 'created', stat: await other.head('k') });
      expect(store.requests.put).toBe(2);
    });

    test('a put whose answer is lost is not ours when other bytes are there', async () => {
      await created(other, 'k', 'theirs');
      proxy.fault({ method: 'PUT', times: 1 }, lost);
      const result = await store.put('k', Buffer.from('mine'), { ifAbsent: true });
      expect(result).toEqual({ outcome: 'exists', stat: await other.head('k') });
    });

    test('a put is not ours when its bytes are there with other metadata', async () => {
      await other.put('k', Buffer.from('same'), { ifAbsent: true }, { metadata: { release: 'theirs' } });
      proxy.fault({ method: 'PUT', times: 1 }, lost);
      const result = await store.put('k', Buffer.from('same'), { ifAbsent: true }, { metadata: { release: 'mine' } });
      expect(result.outcome).toBe('exists');
    });

    test('a swap whose answer is lost is known to be ours', async () => {
      const first = await created(other, 'k', 'one');
      proxy.fault({ method: 'PUT', times: 1 }, lost);
      const result = await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
      expect(result).toEqual({ outcome: 'created', stat: await other.head('k') });
    });

    test('a swap whose answer is lost is not ours when another writer swapped the same bytes in', async () => {
      const first = await created(other, 'k', 'one');
      await other.put('k', Buffer.from('two'), { ifMatch: first.etag });
      proxy.fault({ method: 'PUT', times: 1 }, lost);
      const result = await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
      expect(result).toEqual({ outcome: 'exists', stat: await other.head('k') });
      expect(result.stat?.metadata).toBeUndefined();
    });

    test('a server that is overloaded is asked again, after as long as it says', async () => {
      const rule = proxy.fault({ method: 'PUT', times: 2 }, refusal(503, 'SlowDown', { 'retry-after': '0' }));
      expect((await store.put('k', Buffer.from('x'), { ifAbsent: true })).outcome).toBe('created');
      expect(rule.met).toBe(2);
      expect(store.requests.put).toBe(3);
    });

    test('a server that stays overloaded ends in an error that says so', async () => {
      proxy.fault({ method: 'PUT' }, refusal(503, 'SlowDown'));
      await expect(store.put('k', Buffer.from('x'), { ifAbsent: true })).rejects.toThrow(/s3:PutObject.*503 SlowDown/);
      expect(store.requests.put).toBe(4);
    });

    test('a 409 to a put is tried again', async () => {
      proxy.fault({ method: 'PUT', times: 1 }, refusal(409, 'ConditionalRequestConflict'));
      expect((await store.put('k', Buffer.from('x'), { ifAbsent: true })).outcome).toBe('created');
    });

    test('a connection that is cut before or during a part does no harm', async () => {
      const data = randomBytes(6 * mebibyte);
      const drop = proxy.fault({ method: 'PUT', target: /partNumber=1/, times: 1 }, { kind: 'drop' });
      const cut = proxy.fault({ method: 'PUT', target: /partNumber=2/, times: 1 }, { kind: 'cut-request', at: 1000 });
      const upload = await begun(data);
      expect([drop.met, cut.met]).toEqual([1, 1]);
      expect((await upload.complete(sealOf(data), signal)).outcome).toBe('created');
      expect((await bytesOf(other.read('k'))).equals(data)).toBe(true);
    });

    test('a byte that arrives as another is sent again', async () => {
      const data = randomBytes(6 * mebibyte);
      const flip = proxy.fault({ method: 'PUT', target: /partNumber=2/, times: 1 }, { kind: 'flip-request', at: 77 });
      const upload = await begun(data);
      expect(flip.met).toBe(1);
      await upload.complete(sealOf(data), signal);
      expect((await bytesOf(other.read('k'))).equals(data)).toBe(true);
    });

    test('a server that hangs ends in another attempt', async () => {
      await created(other, 'k', 'x');
      const rule = proxy.fault({ method: 'HEAD', times: 1 }, { kind: 'delay', milliseconds: 30_000 });
      expect(await store.head('k')).toEqual(await other.head('k'));
      expect(rule.met).toBe(1);
    });

    test('a completion whose answer is lost is known to be ours, and is not asked for twice', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      const rule = proxy.fault(completion, lost);
      const result = await upload.complete(sealOf(data), signal);
      expect(rule.met).toBe(1);
      expect(result).toEqual({ outcome: 'created', stat: await other.head('k') });
      expect(proxy.requests.filter(({ fault }) => fault === 'lose-answer').length).toBeGreaterThan(0);
      expect(await all(other.uploads(''))).toEqual([]);
    });

    test('a completion that never reached the server is made by the next attempt', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      proxy.fault(completion, { kind: 'drop' });
      const result = await upload.complete(sealOf(data), signal);
      expect(result).toEqual({ outcome: 'created', stat: await other.head('k') });
    });

    test('an upload that another process completed meanwhile is found published', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      const winner = await other.resumeUpload('k', upload.id, upload.request);
      proxy.fault(completion, { kind: 'before', act: async () => void (await winner?.complete(sealOf(data), signal)) });
      // Both are true of it: S3 lets the same upload be completed twice.
      const result = await upload.complete(sealOf(data), signal);
      expect(['created', 'exists']).toContain(result.outcome);
      expect(result.stat).toEqual(await other.head('k'));
    });

    test('an upload that expired is an error, and nothing is there', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      proxy.fault(completion, { kind: 'before', act: () => upload.abort() });
      await expect(upload.complete(sealOf(data), signal)).rejects.toThrow(/is gone/);
      expect(await other.head('k')).toBeUndefined();
    });

    test('a winner between the list of parts and the completion is not replaced', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      proxy.fault(completion, { kind: 'before', act: async () => void (await created(other, 'k', 'theirs')) });
      const result = await upload.complete(sealOf(data), signal);
      expect(result).toEqual({ outcome: 'exists', stat: await other.head('k') });
      expect((await bytesOf(other.read('k'))).toString()).toBe('theirs');
      expect(await all(other.uploads(''))).toEqual([]);
    });

    test('a conflict at completion aborts the upload and says that it must begin anew', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      proxy.fault(completion, refusal(409, 'ConditionalRequestConflict'));
      const failure = await upload.complete(sealOf(data), signal).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ freshUpload: true, evidence: { code: 'ConditionalRequestConflict' } });
      expect(await other.resumeUpload('k', upload.id, upload.request)).toBeUndefined();
    });

    test('a list of parts that lacks one keeps the object from being published', async () => {
      const data = randomBytes(6 * mebibyte);
      const upload = await begun(data);
      const change = (answer: {
        status: number;
        headers: Readonly<Record<string, string | readonly string[]>>;
        body: Buffer;
      }) => ({
        ...answer,
        body: Buffer.from(answer.body.toString().replace(/<Part>(?:(?!<\/Part>).)*<PartNumber>2<.*?<\/Part>/s, '')),
      });
      const rule = proxy.fault({ method: 'GET', target: /uploadId=/ }, { kind: 'rewrite', change });
      await expect(upload.complete(sealOf(data), signal)).rejects.toThrow('part 2 of k is missing');
      expect(rule.met).toBe(1);
      expect(await other.head('k')).toBeUndefined();
    });

    test('a read that is cut is an error that may pass', async () => {
      await created(other, 'k', randomBytes(3 * mebibyte));
      proxy.fault({ method: 'GET' }, { kind: 'truncate-answer', at: mebibyte });
      const failure = await bytesOf(store.read('k')).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure).toMatchObject({ retryable: true });
    });

    test('a small object whose answer is cut is asked for again', async () => {
      await created(other, 'k', randomBytes(100_000));
      proxy.fault({ method: 'GET', times: 1 }, { kind: 'truncate-answer', at: 1000 });
      expect((await store.get('k', 100_000))?.bytes.length).toBe(100_000);
    });

    test('an abort after which parts are left is repeated', async () => {
      const upload = await store.beginUpload('k', { size: 10 });
      const late = async () => void (await sendPart(upload, Buffer.alloc(10), 1));
      await late();
      const pretend = { status: 204, headers: {}, body: Buffer.alloc(0) };
      const rule = proxy.fault({ method: 'DELETE', times: 1 }, { kind: 'answer', answer: pretend });
      await upload.abort();
      expect(rule.met).toBe(1);
      expect(await all(other.uploads(''))).toEqual([]);
    });

    test('a copy whose completion is not answered is known to be ours', async () => {
      const data = randomBytes(6 * mebibyte);
      const from = await created(other, 'a', data);
      const rule = proxy.fault(
        name === 'MinIO' ? { method: 'PUT', target: /\/b\?x-id=PutObject$/, times: 1 } : completion,
        lost,
      );
      const result = await store.copyProven(from, 'b', sealOf(data).crc32c, { metadata: { sha256: 'x' } });
      expect(rule.met).toBe(1);
      expect(result).toEqual({ outcome: 'created', stat: await other.head('b') });
    });
  });
}
