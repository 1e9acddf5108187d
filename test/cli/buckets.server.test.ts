import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProgramResult, runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { gcsServer, s3Server } from '../servers/running-servers.ts';
import { type NewS3Bucket, newGcsBucket, newS3Bucket, putGcsObject } from '../support/new-bucket.ts';

const weights = Buffer.alloc(1_200_000, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
const s3 = s3Server('versitygw');
const gcs = gcsServer('fake-gcs-server');

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-buckets-'));
  await mkdir(join(cwd, 'home'));
  await writeFile(join(cwd, 'w.bin'), weights);
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

type Variables = Record<string, string | undefined>;

/** The program itself, with the variables of an operator and nothing else of this machine. */
async function weighbridge(argv: readonly string[], variables: Variables = {}): Promise<ProgramResult> {
  const env = {
    PATH: process.env.PATH,
    HOME: join(cwd, 'home'),
    AWS_EC2_METADATA_DISABLED: 'true',
    METADATA_SERVER_DETECTION: 'none',
    ...variables,
  };
  return await runProgram(process.execPath, [join(root, 'bin/weighbridge.js'), ...argv], { cwd, env });
}

async function manifest(source: string, more: readonly string[] = []): Promise<string> {
  const lines = ['weighbridge: 1', 'collection: c', 'version: 1.0.0', 'access: private', 'artifacts:'];
  lines.push('  - id: w', '    kind: checkpoint', '    file: w.bin', `    source: ${source}`, ...more);
  await writeFile(join(cwd, 'm.yaml'), `${lines.join('\n')}\n`);
  return 'm.yaml';
}

const proven = [`    sha256: ${sha256}`, `    size: ${weights.length}`];

describe.skipIf(s3 === undefined)('the program with S3', () => {
  if (s3 === undefined) return;
  const keys = { AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey };
  const operator = { AWS_ENDPOINT_URL: s3.endpoint, ...keys };
  let bucket: NewS3Bucket;

  beforeEach(async () => {
    bucket = await newS3Bucket(s3);
  });

  it('stages, lists, verifies and pulls, an empty profile, region or session token being none', async () => {
    const file = await manifest('file:w.bin', proven);
    const store = `s3://${bucket.name}/prod`;
    const variables = { ...operator, AWS_PROFILE: '', AWS_REGION: '', AWS_SESSION_TOKEN: '', AWS_CA_BUNDLE: '' };
    expect(await weighbridge(['stage', file, '--to', store], variables)).toMatchObject({ code: 0 });
    // The same store, written otherwise.
    const again = await weighbridge(['stage', file, '--to', `${store}/`], variables);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('already') });
    expect(await weighbridge(['ls', '--from', store], variables)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('c@1.0.0'),
    });
    expect(await weighbridge(['verify', '--store', store], variables)).toMatchObject({ code: 0 });
    const pulled = await weighbridge(['pull', 'c@1.0.0', '--from', store, '--into', 'out'], variables);
    expect(pulled).toMatchObject({ code: 0 });
    expect(await readFile(join(cwd, 'out/w.bin'))).toEqual(weights);
  });

  it('stores as weighbridge.yaml says for the bucket, and finds its stores and the endpoint there', async () => {
    const settings = [
      `stores: { private: "s3://${bucket.name}" }`,
      'buckets:',
      `  s3://${bucket.name}: { endpoint: "${s3.endpoint}", region: us-east-1, tags: { team: research } }`,
    ];
    await writeFile(join(cwd, 'weighbridge.yaml'), `${settings.join('\n')}\n`);
    const file = await manifest('file:w.bin', proven);
    expect(await weighbridge(['stage', file], keys)).toMatchObject({ code: 0 });
    const head = new HeadObjectCommand({ Bucket: bucket.name, Key: 'c/1.0.0/w.bin' });
    expect(await bucket.client.send(head)).toMatchObject({ TagCount: 1, ContentLength: weights.length });
    const refused = await weighbridge(['publish', 'w.bin', 'p@1.0.0', '--to', `s3://${bucket.name}/`], keys);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('not public') });
  });

  it('takes keys, endpoint and region of a profile', async () => {
    await mkdir(join(cwd, 'home/.aws'));
    const config = ['[profile team]', 'region = us-east-1', `endpoint_url = ${s3.endpoint}`];
    await writeFile(join(cwd, 'home/.aws/config'), `${config.join('\n')}\n`);
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const credentials = ['[team]', `aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
    await writeFile(join(cwd, 'home/.aws/credentials'), `${credentials.join('\n')}\n`);
    const file = await manifest('file:w.bin', proven);
    const staged = await weighbridge(['stage', file, '--to', `s3://${bucket.name}`], { AWS_PROFILE: 'team' });
    expect(staged).toMatchObject({ code: 0 });
    // With keys beside the profile, the profile counts, and stderr stays one event a line.
    const wrong = { AWS_PROFILE: 'team', AWS_ACCESS_KEY_ID: 'wrong', AWS_SECRET_ACCESS_KEY: 'wrong' };
    const argv = ['stage', file, '--to', `s3://${bucket.name}`, '--progress', 'json'];
    const again = await weighbridge(argv, wrong);
    expect(again).toMatchObject({ code: 0 });
    const lines = again.stderr.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  it('names a profile that does not exist, with exit 4', async () => {
    const result = await weighbridge(['ls', '--from', `s3://${bucket.name}`], { ...operator, AWS_PROFILE: 'nope' });
    expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining('"nope"') });
  });

  it.each([
    ['without credentials', { AWS_ACCESS_KEY_ID: undefined }, 'Set AWS_ACCESS_KEY_ID'],
    ['with empty ones', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'Set AWS_ACCESS_KEY_ID'],
    ['with wrong ones', { AWS_SECRET_ACCESS_KEY: 'not-that-one' }, 'the secret key does not belong to the access key'],
    ['with those of nobody', { AWS_ACCESS_KEY_ID: 'nobody' }, 'its access key is not known there'],
  ])('%s ends with 4 and says what to do', async (_, variables, advice) => {
    const result = await weighbridge(['ls', '--from', `s3://${bucket.name}`], { ...operator, ...variables });
    expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining(advice) });
    expect(result.stderr).not.toContain('not-that-one');
  });

  it('locks an s3: source: version and stored digest are written without a download', async () => {
    const put = new PutObjectCommand({
      ...{ Bucket: bucket.name, Key: 'up/w 1.bin', Body: weights, ChecksumAlgorithm: 'SHA256' },
    });
    const { VersionId } = await bucket.client.send(put);
    const file = await manifest(`s3://${bucket.name}/up/w%201.bin`);
    expect(await weighbridge(['lock', file], operator)).toMatchObject({ code: 0 });
    const locked = await readFile(join(cwd, file), 'utf8');
    expect(locked).toContain(`source: s3://${bucket.name}/up/w%201.bin?versionId=${VersionId}\n`);
    expect(locked).toContain(`sha256: ${sha256}`);
    expect(locked).toContain('digestFrom: upstream');
    expect(await weighbridge(['lock', file, '--check'], operator)).toMatchObject({ code: 0 });
    expect(await weighbridge(['stage', file], operator)).toMatchObject({ code: 0 });
    const record = JSON.parse(await readFile(join(cwd, 'mirror-private/c/1.0.0/release.json'), 'utf8'));
    expect(record.artifacts[0].origin).toMatchObject({
      source: `s3://${bucket.name}/up/w%201.bin?versionId=${VersionId}`,
      revision: VersionId,
    });
  });

  it('publishes no bytes of a private mirror, whoever may read them', async () => {
    const staged = await manifest('file:w.bin', proven);
    expect(await weighbridge(['stage', staged, '--to', `s3://${bucket.name}/secret`], operator)).toMatchObject({
      code: 0,
    });
    const file = await manifest(`s3://${bucket.name}/secret/c/1.0.0/w.bin`, proven);
    await writeFile(join(cwd, file), (await readFile(join(cwd, file), 'utf8')).replace('private', 'public'));
    const gated = await weighbridge(['stage', file], operator);
    expect(gated.code).toBe(1);
    expect(gated.stdout + gated.stderr).toContain('tokens: {AWS: {for: any}}');
    await writeFile(join(cwd, 'weighbridge.yaml'), 'tokens: { AWS: { for: any } }\n');
    const forbidden = await weighbridge(['stage', file], operator);
    expect(forbidden.code).toBe(1);
    expect(forbidden.stdout + forbidden.stderr).toContain('lies in a mirror of private releases');
  });
});

describe.skipIf(gcs === undefined)('the program with Cloud Storage', () => {
  if (gcs === undefined) return;
  const host = new URL(gcs.apiEndpoint).host;
  let bucket: string;

  beforeEach(async () => {
    bucket = await newGcsBucket(gcs);
  });

  it.each([host, gcs.apiEndpoint, `${gcs.apiEndpoint}/`, `${gcs.apiEndpoint}/storage/v1`])(
    'stages and verifies with STORAGE_EMULATOR_HOST=%s, without credentials',
    async (emulator) => {
      const variables = { STORAGE_EMULATOR_HOST: emulator, GOOGLE_APPLICATION_CREDENTIALS: '' };
      const file = await manifest('file:w.bin', proven);
      const store = `gs://${bucket}/prod`;
      expect(await weighbridge(['stage', file, '--to', store], variables)).toMatchObject({ code: 0 });
      expect(await weighbridge(['verify', '--store', store], variables)).toMatchObject({ code: 0 });
    },
  );

  it('locks a gs: source: generation pinned, digest computed', async () => {
    const generation = await putGcsObject(gcs, bucket, 'up/w.bin', weights);
    const file = await manifest(`gs://${bucket}/up/w.bin`);
    const variables = { STORAGE_EMULATOR_HOST: host };
    expect(await weighbridge(['lock', file], variables)).toMatchObject({ code: 0 });
    const locked = await readFile(join(cwd, file), 'utf8');
    expect(locked).toContain(`source: gs://${bucket}/up/w.bin#${generation}\n`);
    expect(locked).toContain(`sha256: ${sha256}`);
    expect(locked).toContain('digestFrom: computed');
    expect(await weighbridge(['stage', file], variables)).toMatchObject({ code: 0 });
  });

  it('names a file of credentials that is not there, or is none, with exit 4', async () => {
    for (const [name, why] of [
      ['key.json', 'there is no such file'],
      ['w.bin', 'holds no Google credentials'],
    ] as const) {
      const variables = { GOOGLE_APPLICATION_CREDENTIALS: join(cwd, name) };
      const result = await weighbridge(['ls', '--from', `gs://${bucket}`], variables);
      expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining(why) });
      expect(result.stderr).toContain(`"${name}"`);
      expect(result.stderr).not.toContain(cwd);
    }
  });
});
