import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures/mirror.ts';
import { s3Server } from '../servers/running-servers.ts';
import { newS3Bucket } from '../support/new-bucket.ts';
import { runMain } from './run-main.ts';

const s3 = s3Server('versitygw');

describe.skipIf(s3 === undefined)('url from a bucket', () => {
  if (s3 === undefined) return;

  test('signs with the caller’s own credentials, and pins the version that was published', async () => {
    const bucket = await newS3Bucket(s3);
    const cwd = await temporaryFolder();
    const variables = {
      AWS_ENDPOINT_URL: s3.endpoint,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    };
    const run = (args: readonly string[]) => runMain(args, { cwd, variables });
    await mkdir(join(cwd, 'weights'));
    await writeFile(join(cwd, 'weights/a b.bin'), 'published');
    const to = `s3://${bucket.name}/prod`;
    const published = await run(['publish', './weights', 'weights@1.0.0', '--access', 'private', '--to', to]);
    expect(published, published.stderr).toMatchObject({ code: 0 });
    // Somebody with the right to write puts other bytes under the key: the URL is not of those.
    const Key = 'prod/weights/1.0.0/a b.bin';
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: 'replaced' }));
    const { code, stdout, stderr } = await run(['url', 'weights', '--from', to, '--expires', '2m', '--json']);
    expect(code, stderr).toBe(0);
    const [signed] = JSON.parse(stdout).urls;
    expect(signed).toMatchObject({ file: 'a b.bin', size: 9, store: 's3' });
    expect(Date.parse(signed.expiresAt) - Date.now()).toBeLessThan(121_000);
    const response = await fetch(signed.url);
    expect(await response.text()).toBe('published');
    expect(response.headers.get('content-disposition')).toContain('a b.bin');
    expect(stderr).not.toContain('X-Amz-Signature');
    const tampered = await fetch(signed.url.replace('a%20b.bin', 'SHA256SUMS'));
    expect(tampered.status).toBe(403);
    const long = await run(['url', 'weights', '--from', to, '--expires', '8d']);
    expect(long).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('604800') });
  });
});
