import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRuntime, type Runtime } from '../../../lambda/runtime/open-runtime.ts';
import { loadDeployment } from '../../../lib/cli/load-deployment.ts';
import { runtimeConfiguration } from '../../../lib/contract/cloud/deployment.ts';
import { submissionKey } from '../../../lib/contract/cloud/state-keys.ts';
import { clientOf } from '../../core/stores/s3-place.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Credentials } from '../../servers/server-access.ts';
import { type S3ServerWithUsers, startVersitygwWithUsers } from '../../servers/start-versitygw-with-users.ts';
import { runMain } from '../run-main.ts';
import { ActedPipeline } from './acted-pipeline.ts';
import { submitPolicy } from './granted-policy.ts';
import { playMachine } from './played-machine.ts';

const stateBucket = 'weights-state-123456789012-us-east-1-an';
const mirror = 'weights-private-123456789012-us-east-1-an';
const configuration = `
cloud: { name: weights, account: "123456789012", region: us-east-1, public: false }
publishers: { models: { principals: ["arn:aws:iam::123456789012:role/people"], collections: ["my-*"] } }
`;
const weights = Buffer.alloc(21 << 20, 'of a model');
const config = Buffer.from('{"hidden": 8}');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.skipIf(lacksS3Server('versitygw'))('a checkpoint on this machine', () => {
  let server: S3ServerWithUsers;
  let root: S3Client;
  let models: S3Credentials;
  let runtime: Runtime;
  let pipeline: ActedPipeline;
  let cwd: string;

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    root = clientOf(server);
    for (const bucket of [stateBucket, mirror]) await root.send(new CreateBucketCommand({ Bucket: bucket }));
    models = await server.createUser('models', submitPolicy('models', stateBucket));
    pipeline = new ActedPipeline(root, stateBucket);
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-whole-way-'));
    await writeFile(join(cwd, 'weighbridge.yaml'), configuration);
    await writeFile(join(cwd, 'model.bin'), weights);
    await writeFile(join(cwd, 'config.json'), config);
    // The functions' own role, which is not what is tried here.
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
    });
    const { accessKeyId, secretAccessKey } = server.credentials;
    runtime = openRuntime({
      region: 'us-east-1',
      awsKeys: () => ({ accessKeyId, secretAccessKey, sessionToken: undefined }),
      configuration: runtimeConfiguration(loadDeployment(undefined, { cwd })),
      stateBucket,
      publicBucket: undefined,
      publicUrl: undefined,
      privateBucket: mirror,
      kmsKey: undefined,
      s3Endpoint: { url: server.endpoint, pathStyle: true },
    });
  });

  afterAll(async () => {
    root.destroy();
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  async function manifest(digest: string): Promise<void> {
    const lines = [
      ...['weighbridge: 1', 'collection: my-model', 'version: 1.0.0', 'access: private', 'artifacts:'],
      ...['  - id: model', '    kind: checkpoint', '    file: model.bin', '    source: file:model.bin'],
      ...[`    sha256: ${sha256(weights)}`, `    size: ${weights.length}`],
      ...['  - id: config', '    kind: config', '    file: config.json', '    source: file:config.json'],
      ...[`    sha256: ${digest}`, `    size: ${config.length}`],
    ];
    await writeFile(join(cwd, 'm.yaml'), `${lines.join('\n')}\n`);
  }

  function weighbridge(argv: readonly string[], as: S3Credentials) {
    const keys = { AWS_ACCESS_KEY_ID: as.accessKeyId, AWS_SECRET_ACCESS_KEY: as.secretAccessKey };
    const variables = { ...keys, AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'us-east-1' };
    return runMain([...argv, '--progress', 'none'], { cwd, variables });
  }

  /** Plays the pipeline for what is submitted next. */
  async function play(): Promise<void> {
    const place = await pipeline.next();
    const signal = new AbortController().signal;
    const ports = () => runtime.portsFor({ signal, secondsLeft: () => 600 });
    await playMachine({ bucket: stateBucket, key: submissionKey(place), execution: place.attempt }, ports);
  }

  it('is in the mirror after one command, published by the real passes', async () => {
    await manifest(sha256(config));
    const [result] = await Promise.all([weighbridge(['submit', 'm.yaml', '--wait'], models), play()]);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining(`published in s3://${mirror}: 2 files`) });
    const argv = ['pull', 'my-model@1.0.0', '--from', `s3://${mirror}`, '--into', 'out'];
    expect(await weighbridge(argv, server.credentials)).toMatchObject({ code: 0 });
    expect((await readFile(join(cwd, 'out/model.bin'))).equals(weights)).toBe(true);
  });

  it('is there already when it is submitted again', async () => {
    const [result] = await Promise.all([weighbridge(['submit', 'm.yaml', '--wait', '--json'], models), play()]);
    expect(result).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toMatchObject({ state: 'present', publisher: 'models' });
  });

  it('is refused by the pipeline with other content under the same version', async () => {
    const other = Buffer.from('{"hidden": 9}');
    await writeFile(join(cwd, 'config.json'), other);
    await manifest(sha256(other));
    const [result] = await Promise.all([weighbridge(['submit', 'm.yaml', '--wait'], models), play()]);
    expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('stays in') });
    expect(result.stderr).toContain('Take a new version');
  });

  it('ends before anything is submitted where the file is not what the manifest says', async () => {
    const before = await pipeline.submissions();
    await manifest('ab'.repeat(32));
    const result = await weighbridge(['submit', 'm.yaml', '--wait'], models);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('has SHA-256') });
    expect(await pipeline.submissions()).toEqual(before);
  });
});
