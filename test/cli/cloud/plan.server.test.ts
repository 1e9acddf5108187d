import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf } from '../../core/stores/s3-place.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Credentials } from '../../servers/server-access.ts';
import {
  type PolicyStatement,
  type S3ServerWithUsers,
  startVersitygwWithUsers,
} from '../../servers/start-versitygw-with-users.ts';
import { runMain } from '../run-main.ts';
import { planPolicy } from './granted-policy.ts';

const mirror = 'weights-private-123456789012-us-east-1-an';
const bytes = Buffer.from('weights of a model');
const sha256 = createHash('sha256').update(bytes).digest('hex');

describe.skipIf(lacksS3Server('versitygw'))('plan --cloud, with the rights of a plan role', () => {
  let server: S3ServerWithUsers;
  let upstream: Server;
  let origin: string;
  let root: S3Client;
  let planner: S3Credentials;
  let cwd: string;

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    root = clientOf(server);
    await root.send(new CreateBucketCommand({ Bucket: mirror }));
    planner = await server.createUser('planner', recordsOnly(planPolicy(mirror)));
    upstream = createServer((request, response) => {
      const open = request.url === '/open.bin' || request.headers.authorization !== undefined;
      response.writeHead(open ? 200 : 401, { 'content-length': open ? bytes.length : 0 });
      response.end(open && request.method === 'GET' ? bytes : undefined);
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-plan-'));
    await writeFile(join(cwd, 'w.bin'), bytes);
    const configuration = [
      'cloud: { name: weights, account: "123456789012", region: us-east-1 }',
      'publishers: { models: { principals: ["arn:aws:iam::123456789012:role/people"], collections: ["my-*"] } }',
      `trustedOrigins: ["${origin}"]`,
      `sources: { hosts: ["127.0.0.1"], tokens: { origins: [{ origin: "${origin}", secret: upstream }] } }`,
    ];
    await writeFile(join(cwd, 'weighbridge.yaml'), `${configuration.join('\n')}\n`);
  });

  afterAll(async () => {
    root.destroy();
    upstream.close();
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  /** Without SHA256SUMS as well: a plan needs three records. */
  function recordsOnly(policy: readonly PolicyStatement[]): readonly PolicyStatement[] {
    return policy.map((statement) => ({
      ...statement,
      Resource: [statement.Resource].flat().filter((resource) => !resource.endsWith('SHA256SUMS')),
    }));
  }

  async function manifest(collection: string, version: string, source: string): Promise<string> {
    const lines = [
      ...['weighbridge: 1', `collection: ${collection}`, `version: ${version}`, 'access: private', 'artifacts:'],
      ...['  - id: w', '    kind: checkpoint', '    file: w.bin', `    source: ${source}`],
      ...[`    sha256: ${sha256}`, `    size: ${bytes.length}`],
    ];
    const file = `${collection}-${version}.yaml`;
    await writeFile(join(cwd, file), `${lines.join('\n')}\n`);
    return file;
  }

  function weighbridge(argv: readonly string[], { accessKeyId, secretAccessKey }: S3Credentials) {
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    return runMain(argv, { cwd, variables: { ...keys, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'us-east-1' } });
  }

  async function plan(file: string) {
    const result = await weighbridge(['plan', file, '--cloud', '--json', '--progress', 'none'], planner);
    return { ...result, document: JSON.parse(result.stdout) };
  }

  it('sees an empty mirror', async () => {
    const { code, document } = await plan(await manifest('my-model', '1.0.0', `${origin}/open.bin`));
    expect(document).toMatchObject({ state: 'new', publishable: true, store: `s3://${mirror}`, warnings: [] });
    expect(code).toBe(0);
  });

  it('sees what is published, without reading an artifact', async () => {
    const file = await manifest('my-model', '2.0.0', 'file:w.bin');
    expect(await weighbridge(['stage', file, '--to', `s3://${mirror}`], server.credentials)).toMatchObject({ code: 0 });
    const { code, document } = await plan(file);
    expect(document).toMatchObject({ state: 'present', bytes: { fetch: 0, present: bytes.length } });
    expect(code).toBe(0);
    const other = await manifest('my-model', '2.0.0', `${origin}/open.bin`);
    expect((await plan(other)).document).toMatchObject({ state: 'present' });
  });

  it('says that objects of an unfinished run are there, which only the pipeline can prove', async () => {
    const file = await manifest('my-model', '3.0.0', `${origin}/open.bin`);
    await root.send(new PutObjectCommand({ Bucket: mirror, Key: 'my-model/3.0.0/w.bin', Body: bytes }));
    await root.send(
      new PutObjectCommand({ Bucket: mirror, Key: 'my-model/3.0.0/SHA256SUMS', Body: `${sha256}  w.bin\n` }),
    );
    const { code, document } = await plan(file);
    expect(document.warnings).toContainEqual(
      expect.stringContaining('my-model/3.0.0/w.bin is there, of a run that did not finish'),
    );
    expect(document).toMatchObject({ state: 'new', publishable: true });
    expect(code).toBe(0);
  });

  it('believes a source that only the token of the pipeline opens, and says so', async () => {
    const { code, document } = await plan(await manifest('my-model', '4.0.0', `${origin}/closed.bin`));
    expect(document.warnings).toContainEqual(
      expect.stringContaining('was not asked: only the pipeline has the right to'),
    );
    expect(document).toMatchObject({ publishable: true, bytes: { fetch: bytes.length } });
    expect(code).toBe(0);
  });

  it('says what is not granted, and that nobody may submit it', async () => {
    const { code, document } = await plan(await manifest('their-model', '1.0.0', 'https://example.org/w.bin'));
    expect(code).toBe(1);
    expect(document.publishable).toBe(false);
    expect(document.artifacts[0].reason).toContain('the host example.org is not granted');
    expect(document.warnings).toContainEqual(expect.stringContaining('nobody may submit it'));
  });
});
