import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { storeOn } from './s3-place.ts';

describe('a server that does not keep to the protocol', () => {
  let server: Server;
  let client: S3Client;

  async function behind(listener: RequestListener) {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const endpoint = `http://127.0.0.1:${port}`;
    client = createS3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials, idleTimeout: 0.5 });
    return storeOn(client, 'bucket', { policy: { attempts: 2, base: 0.01, cap: 0.01, budget: 1 } });
  }

  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const failureOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('and stops in the middle of a body ends in an error that may pass', async () => {
    const store = await behind((_, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"a"' });
      response.write('only this');
    });
    const failure = await failureOf(bytesOf(store.read('k')));
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ retryable: true });
    expect(await failureOf(store.get('k', 1000))).toMatchObject({ name: 'StoreError', retryable: true });
    expect(store.requests.get).toBe(3);
  });

  test('and never answers a part ends in an error that may pass', async () => {
    const store = await behind((request, response) => {
      request.resume();
      if (request.method !== 'POST') return;
      response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    });
    const upload = await store.beginUpload('k', { size: 10 });
    const writing = upload.writePart(1, Buffer.alloc(10), 'AAAAAA==', new AbortController().signal);
    expect(await failureOf(writing)).toMatchObject({ name: 'StoreError', retryable: true });
    expect(store.requests.part).toBe(2);
  });

  test('and gives the whole for a range, or another range, is not believed', async () => {
    const store = await behind((request, response) => {
      const other = request.url?.includes('other') === true;
      const headers = other ? { 'content-range': 'bytes 0-3/10' } : {};
      response.writeHead(other ? 206 : 200, { ...headers, 'content-length': '4' }).end('abcd');
    });
    const range = { start: 2, end: 6 };
    expect(await failureOf(bytesOf(store.read('whole', { range })))).toBeInstanceOf(StoreError);
    expect(await failureOf(bytesOf(store.read('other', { range })))).toBeInstanceOf(StoreError);
  });

  test('and lists the same page for ever is not followed', async () => {
    const store = await behind((request, response) => {
      const name = request.url?.includes('uploads') === true ? 'ListMultipartUploadsResult' : 'ListBucketResult';
      const next = '<NextContinuationToken>t</NextContinuationToken><NextKeyMarker>k</NextKeyMarker>';
      const part = '<NextPartNumberMarker>1</NextPartNumberMarker>';
      response.end(`<${name}><IsTruncated>true</IsTruncated>${next}${part}</${name}>`);
    });
    expect(await failureOf(all(store.list('')))).toBeInstanceOf(StoreError);
    expect(await failureOf(all(store.uploads('')))).toBeInstanceOf(StoreError);
    expect(await failureOf(store.resumeUpload('k', 'u', { size: 1 }))).toBeInstanceOf(StoreError);
  });

  test('and always fails is asked as often as the policy says, also where what it did is looked at in between', async () => {
    const store = await behind((request, response) => {
      request.resume();
      response.writeHead(500).end();
    });
    expect(await failureOf(store.put('k', Buffer.from('x'), { ifAbsent: true }))).toBeInstanceOf(StoreError);
    expect(store.requests.head).toBe(1);
  });

  test('and answers in no XML is a server that may recover', async () => {
    const store = await behind((_, response) => response.writeHead(502).end('<html>bad gateway'));
    expect(await failureOf(store.head('k'))).toMatchObject({ name: 'StoreError', retryable: true });
    expect(await failureOf(all(store.list('')))).toMatchObject({ name: 'StoreError', retryable: true });
  });
});
