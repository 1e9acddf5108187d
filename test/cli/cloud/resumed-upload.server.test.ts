import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, HeadObjectCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxKey } from '../../../lib/contract/cloud/state-keys.ts';
import { clientOf } from '../../core/stores/s3-place.ts';
import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Credentials } from '../../servers/server-access.ts';
import { type S3ServerWithUsers, startVersitygwWithUsers } from '../../servers/start-versitygw-with-users.ts';
import { runMain } from '../run-main.ts';
import { submitPolicy } from './granted-policy.ts';

const bucket = 'weights-state-123456789012-us-east-1-an';
const configuration = `
cloud: { name: weights, account: "123456789012", region: us-east-1 }
publishers: { models: { principals: ["arn:aws:iam::123456789012:role/people"], collections: ["*"] } }
`;
/** Seven parts, so that it has checkpoints. */
const weights = Buffer.alloc(100 << 20, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
const key = inboxKey('models', 'private', sha256);

describe.skipIf(lacksS3Server('versitygw'))('a file on its way to the inbox', () => {
  let server: S3ServerWithUsers;
  let proxy: FaultProxy;
  let root: S3Client;
  let models: S3Credentials;
  let cwd: string;

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    proxy = await startFaultProxy(server.endpoint);
    root = clientOf(server);
    await root.send(new CreateBucketCommand({ Bucket: bucket }));
    models = await server.createUser('models', submitPolicy('models', bucket));
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-resumed-'));
    await writeFile(join(cwd, 'weighbridge.yaml'), configuration);
    await writeFile(join(cwd, 'w.bin'), weights);
    const artifact = { id: 'w', kind: 'checkpoint', file: 'w.bin', source: 'file:w.bin', sha256, size: weights.length };
    const manifest = { weighbridge: 1, collection: 'm', version: '1.0.0', access: 'private', artifacts: [artifact] };
    await writeFile(join(cwd, 'm.yaml'), JSON.stringify(manifest));
  });

  afterAll(async () => {
    root.destroy();
    await proxy.stop();
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  function submit(signals = new EventEmitter()) {
    const { accessKeyId, secretAccessKey } = models;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const argv = ['submit', 'm.yaml', '--progress', 'plain'];
    return runMain(argv, { cwd, signals, variables: { ...keys, AWS_ENDPOINT_URL: proxy.url } });
  }

  async function firstCheckpoint(): Promise<void> {
    const folder = join(cwd, '.weighbridge/state/checkpoints');
    for (let look = 0; look < 600; look += 1) {
      if ((await readdir(folder).catch(() => [])).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('no checkpoint was written');
  }

  it('goes on where an interrupted submission stopped, with the right to put and no other', async () => {
    proxy.fault({ target: /partNumber=/ }, { kind: 'throttle', bytesPerSecond: 24 << 20 });
    const signals = new EventEmitter();
    const sending = submit(signals);
    await firstCheckpoint();
    signals.emit('SIGINT');
    const interrupted = await sending;
    expect(interrupted).toMatchObject({ code: 130, stderr: expect.stringContaining('Run the same command again') });
    proxy.clear();
    const before = proxy.requests.length;
    const result = await submit();
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('w: goes on from an earlier attempt') });
    const parts = proxy.requests.slice(before).filter(({ target }) => target.includes('partNumber='));
    expect(parts.length).toBeLessThan(7);
    const head = await root.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect(head.ContentLength).toBe(weights.length);
    // Nothing was asked that a publisher may not.
    expect(proxy.requests.filter(({ method, status }) => method === 'PUT' && status === 403)).toEqual([]);
    const { Uploads = [] } = await root.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
  });
});
