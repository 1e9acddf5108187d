import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { bodyPieces } from '../../../lib/core/stores/body-pieces.ts';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { createCertificate } from '../../upstream/certificate.ts';

const bytes = patternBytes(5 * 2 ** 20 + 3);

describe('a body in pieces', () => {
  it('is the whole body, in pieces that are handed over one at a time', async () => {
    const pieces: Buffer[] = [];
    for await (const piece of bodyPieces([Buffer.from('head'), bytes])) pieces.push(piece);
    expect(Buffer.compare(Buffer.concat(pieces), Buffer.concat([Buffer.from('head'), bytes]))).toBe(0);
    expect(pieces.map(({ length }) => length)).toEqual([4, ...Array.from({ length: 20 }, () => 262_144), 3]);
  });

  it('shares its memory with the body, so that nothing is copied', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(2 ** 20));
    for await (const piece of bodyPieces([shared])) expect(piece.buffer).toBe(shared.buffer);
  });
});

describe('an S3 server behind TLS', () => {
  const received: { length: string | undefined; sha256: unknown; body: Buffer }[] = [];
  const certificate = createCertificate();
  let server: Server;
  let failures = 0;

  beforeAll(async () => {
    server = createServer(certificate, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { 'content-length': length, 'x-amz-content-sha256': sha256 } = request.headers;
      received.push({ length, sha256, body: Buffer.concat(chunks) });
      response.statusCode = failures-- > 0 ? 503 : 200;
      response.setHeader('ETag', '"part"');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it('receives a part that left in pieces as one body of known length, also at a second attempt', async () => {
    const client = createS3Client({
      region: 'us-east-1',
      endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      agent: { ca: certificate.ca },
    });
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const command = () =>
      new UploadPartCommand({
        Bucket: 'bucket',
        Key: 'key',
        UploadId: 'id',
        PartNumber: 1,
        Body: shared,
        ContentLength: shared.length,
        ChecksumCRC32C: Crc32c.ofBytes(bytes).base64,
      });
    failures = 1;
    await expect(client.send(command())).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    await client.send(command());
    client.destroy();
    expect(received).toHaveLength(2);
    for (const { length, sha256, body } of received) {
      expect([length, sha256]).toEqual([String(bytes.length), 'UNSIGNED-PAYLOAD']);
      expect(Buffer.compare(body, bytes)).toBe(0);
    }
  });
});
