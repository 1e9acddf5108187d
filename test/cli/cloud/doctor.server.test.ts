import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../../lib/cli/doctor/check.ts';
import { clientOf } from '../../core/stores/s3-place.ts';
import { s3Server } from '../../servers/running-servers.ts';
import { runMain } from '../run-main.ts';

const s3 = s3Server('versitygw');

describe.skipIf(s3 === undefined)('doctor', () => {
  if (s3 === undefined) return;
  const name = `d${randomBytes(4).toString('hex')}`;
  const source = `${name}-source`;
  const bucketOf = (purpose: string) => `${name}-${purpose}-123456789012-us-east-1-an`;
  const kmsKey = 'arn:aws:kms:us-east-1:999999999999:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  let root: S3Client;
  let hub: Server;
  let cwd: string;

  beforeAll(async () => {
    root = clientOf(s3);
    for (const bucket of [bucketOf('state'), bucketOf('public'), source]) {
      await root.send(new CreateBucketCommand({ Bucket: bucket }));
    }
    await root.send(new PutObjectCommand({ Bucket: source, Key: 'exports/a', Body: 'a' }));
    hub = createServer((request, response) => {
      const refusal = request.url?.includes('busy') === true ? 429 : 200;
      const health = JSON.stringify({ service: 'weighbridge-access', api: 1, ok: true });
      response.writeHead(request.url?.includes('nobody') === true ? 404 : refusal);
      response.end(request.url === '/v1/healthz' ? health : undefined);
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-doctor-'));
    const text = `
cloud: { name: ${name}, account: "123456789012", region: us-east-1 }
publishers: { models: { github: { owner: acme, repository: models }, collections: ["*"] } }
sources:
  github: [somebody, nobody, busy]
  buckets:
    - { bucket: "s3://${source}", keys: ["exports/*", "empty/*"], account: "999999999999", kmsKey: "${kmsKey}" }
    - { bucket: "s3://${source}", keys: ["exports/a", "exports"] }
  tokens: { huggingFace: { secret: hf-token } }
`;
    await writeFile(join(cwd, 'weighbridge.yaml'), text);
  });

  afterAll(async () => {
    root.destroy();
    hub.close();
    await rm(cwd, { recursive: true, force: true });
  });

  function doctor(argv: readonly string[], more: Record<string, string> = {}) {
    const { accessKeyId, secretAccessKey } =
      s3 === undefined ? { accessKeyId: '', secretAccessKey: '' } : s3.credentials;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const api = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
    const variables = { ...keys, AWS_ENDPOINT_URL: s3?.endpoint ?? '', GITHUB_API_URL: api, ...more };
    return runMain(['doctor', ...argv], { cwd, variables });
  }

  async function checks(more: Record<string, string> = {}) {
    const { code, stdout } = await doctor(['--json'], more);
    const found: readonly Check[] = JSON.parse(stdout).checks;
    const of = (what: string) => found.find((check) => check.what === what);
    return { code, found, of };
  }

  it('finds what is there, and names what is not', async () => {
    const { code, of } = await checks();
    expect(code).toBe(1);
    expect(of('AWS credentials')).toMatchObject({ state: 'ok' });
    expect(of(`s3://${bucketOf('state')}`)).toMatchObject({ state: 'ok' });
    expect(of(`s3://${bucketOf('public')}`)).toMatchObject({ state: 'ok' });
    expect(of(`s3://${bucketOf('private')}`)).toMatchObject({ state: 'failed' });
    expect(of(`s3://${source}/exports/*`)).toMatchObject({ state: 'ok' });
    expect(of(`s3://${source}/empty/*`)).toMatchObject({ state: 'failed', message: 'nothing is there' });
    expect(of(`s3://${source}/exports/a`)).toMatchObject({ state: 'ok' });
    // Its keys begin like that one, which is not there.
    expect(of(`s3://${source}/exports`)).toMatchObject({ state: 'failed', message: 'nothing is there' });
    expect(of('owner busy on GitHub')).toMatchObject({ state: 'unknown' });
    expect(of('owner somebody on GitHub')).toMatchObject({ state: 'ok' });
    expect(of('owner nobody on GitHub')).toMatchObject({ state: 'failed' });
  });

  it('prints what other accounts must allow, and the commands that tell what it cannot', async () => {
    const { of } = await checks();
    const statement = JSON.parse(of(`s3://${source}`)?.lines?.join('\n') ?? '');
    expect(statement).toMatchObject({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::123456789012:root' },
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: [`arn:aws:s3:::${source}/exports/*`, `arn:aws:s3:::${source}/empty/*`],
      Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::123456789012:role/${name}*` } },
    });
    expect(of(kmsKey)?.message).toContain('account 999999999999');
    expect(of('secret hf-token')?.lines?.[0]).toContain('aws secretsmanager describe-secret --secret-id hf-token');
    const provider = of('identity provider of token.actions.githubusercontent.com');
    expect(provider?.lines?.[0]).toContain(':oidc-provider/token.actions.githubusercontent.com');
    expect(of('bootstrap of the CDK')?.lines?.[0]).toContain('/cdk-bootstrap/hnb659fds/version');
  });

  it('tells credentials that are no good from rights that are missing', async () => {
    const { code, of } = await checks({ AWS_SECRET_ACCESS_KEY: 'not-that-one' });
    expect(code).toBe(1);
    expect(of('AWS credentials')).toMatchObject({ state: 'failed' });
    expect(of('AWS credentials')?.message).toContain('the secret key does not belong to the access key');
    const message = 'cannot be looked at without good credentials';
    for (const kind of ['state', 'public', 'private']) {
      expect(of(`s3://${bucketOf(kind)}`)).toMatchObject({ state: 'unknown', message });
    }
  });

  it('says which access policy holds, and whether the access API answers', async () => {
    const policyAt = `s3://${bucketOf('state')}/policy/current.json`;
    const none = (await checks()).of(policyAt);
    expect(none).toMatchObject({ state: 'ok', message: expect.stringContaining('no access policy yet') });
    const put = (document: object) =>
      root.send(
        new PutObjectCommand({ Bucket: bucketOf('state'), Key: 'policy/current.json', Body: JSON.stringify(document) }),
      );
    const place = { format: 1, attempt: 'A', publisher: 'models', submittedAt: '2026-01-02T03:04:05Z' };
    const empty = { issuers: {}, principals: { lab: { kind: 'aws', arns: ['111122223333'] } }, grants: [] };
    await put({ ...place, sha256: 'ab'.repeat(32), commit: '12'.repeat(20), policy: empty });
    const api = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
    const { of } = await checks({ WEIGHBRIDGE_API: `${api}/v1` });
    expect(of(policyAt)).toMatchObject({
      state: 'ok',
      message: '0 grants to 1 principal, submitted by models at 2026-01-02T03:04:05Z, commit 121212121212',
    });
    expect(of(`access API at ${api}/v1`)).toMatchObject({ state: 'ok', message: 'it answers' });
    await put({ ...place, policy: {} });
    const bad = await checks({ WEIGHBRIDGE_API: `${api}/nobody/v1` });
    expect(bad.of(policyAt)).toMatchObject({ state: 'failed', message: 'it is no access policy' });
    expect(bad.of(`access API at ${api}/nobody/v1`)).toMatchObject({ state: 'failed' });
    const { of: unset } = await checks();
    expect(unset('access API')?.lines?.[0]).toContain('describe-stacks');
  });

  it('says what to write where the account is missing', async () => {
    await writeFile(join(cwd, 'bare.yaml'), 'cloud: { name: bare }\n');
    const result = await doctor(['--config', 'bare.yaml']);
    expect(result).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Write cloud: { account: "123456789012" }'),
    });
  });
});
