import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gcsServer, s3Server } from '../servers/running-servers.ts';
import { newGcsBucket, newS3Bucket, putGcsObject } from '../support/new-bucket.ts';
import { runMain } from './run-main.ts';

const weights = Buffer.alloc(5000, 'weights');
const hex = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${hex(weights)}\nsize 5000\n`;
const s3 = s3Server('versitygw');
const gcs = gcsServer('fake-gcs-server');
const named = ['--name', 'collection=m', '--name', 'version=1.0.0'];

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-import-buckets-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));
const manifest = () => readFile(join(cwd, 'manifests/m/1.0.0.yaml'), 'utf8');

describe.skipIf(s3 === undefined)('import bucket, from S3', () => {
  if (s3 === undefined) return;
  const variables = {
    AWS_ENDPOINT_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };

  it('pins each object below the prefix to its version, with the SHA-256 that S3 computed where it keeps one', async () => {
    const { name, client } = await newS3Bucket(s3);
    const put = async (Key: string, Body: string | Uint8Array, more = {}) =>
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body, ...more }));
    const summed = await put('w/a b.bin', weights, { ChecksumAlgorithm: 'SHA256' });
    const plain = await put('w/deep/b.bin', weights);
    await put('w/p.bin', pointer);
    await put('w/empty.bin', '');
    await put('other/c.bin', weights);
    const argv = ['import', 'bucket', `s3://${name}/w`, ...named, '--json'];
    const made = await runMain(argv, { cwd, variables });
    const { findings, ...rest } = JSON.parse(made.stdout);
    expect({ code: made.code, ...rest }).toMatchObject({
      code: 0,
      manifests: [{ artifacts: 3 }],
      figures: { objects: 3 },
    });
    expect(findings.map((each: { kind: string; subject: string }) => `${each.kind} ${each.subject}`)).toEqual([
      ...['not-taken empty.bin', 'not-taken p.bin', 'missing-digest deep/b.bin', 'absent-source p.bin'],
    ]);
    const text = await manifest();
    expect(text).toContain(`    source: s3://${name}/w/a%20b.bin?versionId=${summed.VersionId}
    sha256: ${hex(weights)}
    size: 5000
    digestFrom: upstream
`);
    expect(text).toContain(`    source: s3://${name}/w/deep/b.bin?versionId=${plain.VersionId}\n    size: 5000\n`);
    expect(text).toContain(`    sources: []\n    sha256: ${hex(weights)}\n    size: 5000\n`);
    expect(text).not.toContain(hex(pointer));
    const again = await runMain(argv, { cwd, variables });
    expect(JSON.parse(again.stdout)).toMatchObject({ manifests: [{ changed: false }] });
    expect(await manifest()).toBe(text);

    const empty = await runMain(['import', 'bucket', `s3://${name}/nowhere`, ...named], { cwd, variables });
    expect(empty).toMatchObject({ code: 5, stderr: expect.stringContaining('has no objects') });
  });
});

describe.skipIf(gcs === undefined)('import bucket, from Cloud Storage', () => {
  if (gcs === undefined) return;

  it('pins each object to its generation', async () => {
    const bucket = await newGcsBucket(gcs);
    const generation = await putGcsObject(gcs, bucket, 'w/a.bin', weights);
    const variables = { STORAGE_EMULATOR_HOST: gcs.apiEndpoint, METADATA_SERVER_DETECTION: 'none' };
    const made = await runMain(['import', 'bucket', `gs://${bucket}/w/`, ...named], { cwd, variables });
    expect(made).toMatchObject({ code: 0, stdout: 'manifests/m/1.0.0.yaml: 1 artifact, 1 new\n' });
    expect(await manifest()).toContain(`    source: gs://${bucket}/w/a.bin#${generation}\n    size: 5000\n`);
  });
});
