import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, DeleteObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../project/run-program.ts';
import { root as checkout } from '../project/source-files.ts';
import { s3Server } from '../servers/running-servers.ts';
import type { S3Credentials } from '../servers/server-access.ts';
import {
  type PolicyStatement,
  type S3ServerWithUsers,
  startVersitygwWithUsers,
} from '../servers/start-versitygw-with-users.ts';
import { codeBlocks } from './markdown.ts';

const bucket = 'acme-models';

/** The statements of a policy that docs/stores.md prints. */
function printed(name: string): readonly PolicyStatement[] {
  const page = readFileSync(join(checkout, 'docs/stores.md'), 'utf8');
  const block = codeBlocks(page).find(({ remark }) => remark === `policy: ${name}`);
  if (block === undefined) throw new Error(`docs/stores.md has no policy ${name}`);
  return JSON.parse(block.text).Statement;
}

describe.skipIf(s3Server('versitygw') === undefined)('the policies of docs/stores.md', () => {
  let server: S3ServerWithUsers;
  let root: S3Client;
  let folder: string;
  let stager: S3Credentials;

  const clientOf = (credentials: S3Credentials) => {
    const { endpoint, region } = server;
    return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  };
  const weighbridge = (credentials: S3Credentials, ...args: readonly string[]) =>
    runProgram(process.execPath, [join(checkout, 'bin/weighbridge.js'), ...args], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_REGION: server.region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weighbridge-policies-'));
    mkdirSync(join(folder, 'weights'));
    writeFileSync(join(folder, 'weights', 'weights.bin'), Buffer.alloc(34 << 20, 'weights'));
    writeFileSync(join(folder, 'weights', 'config.json'), '{"layers": 12}');
    server = await startVersitygwWithUsers();
    root = clientOf(server.credentials);
    await root.send(new CreateBucketCommand({ Bucket: bucket }));
    stager = await server.createUser('stager', printed('stage'));
  });

  afterAll(async () => {
    root.destroy();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('let who stages publish large and small files, and find nothing to do afterwards', async () => {
    const publish = ['publish', 'weights', 'my-model@1.0.0', '--to', `s3://${bucket}`];
    const first = await weighbridge(stager, ...publish);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain(`published in s3://${bucket}`);
    expect(first.stdout + first.stderr).not.toMatch(/denied|may not/i);
    const again = await weighbridge(stager, ...publish);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain(`is in s3://${bucket} already`);
    const uploads = await root.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  it('let nobody who stages delete anything', async () => {
    const client = clientOf(stager);
    const removal = client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'registry.json' }));
    await expect(removal).rejects.toMatchObject({ name: 'AccessDenied' });
    client.destroy();
  });

  it('let who reads list, verify and pull, and publish nothing', async () => {
    const reader = await server.createUser('reader', printed('read'));
    const verified = await weighbridge(reader, 'verify', '--store', `s3://${bucket}`);
    expect(verified.code, verified.stderr).toBe(0);
    const pulled = await weighbridge(reader, 'pull', 'my-model', '--from', `s3://${bucket}`, '--into', 'pulled');
    expect(pulled.code, pulled.stderr).toBe(0);
    const published = await weighbridge(
      reader,
      'publish',
      'weights/config.json',
      'my-model@2.0.0',
      '--to',
      `s3://${bucket}`,
    );
    expect(published.code).toBe(4);
    expect(published.stderr).toContain('s3:PutObject');
  });

  // Every action is needed: a policy that allows more than it must is no least privilege.
  it.each(['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts'])(
    'without %s cannot be staged with, and are told so',
    async (action) => {
      const name = action.replace(':', '-').toLowerCase();
      const less = printed('stage').map((statement) => ({
        ...statement,
        Action: [statement.Action].flat().filter((each) => each !== action),
      }));
      const poorer = await server.createUser(name, less);
      writeFileSync(join(folder, 'weights', 'weights.bin'), Buffer.alloc(34 << 20, name));
      const { code, stderr } = await weighbridge(
        poorer,
        'publish',
        'weights/weights.bin',
        `${name}@1.0.0`,
        '--to',
        `s3://${bucket}`,
      );
      expect(code, stderr).toBe(4);
      expect(stderr).toContain(action);
    },
  );
});
