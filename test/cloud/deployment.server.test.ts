import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateOpenIDConnectProviderCommand, IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { gcsRoleName } from '../../lib/contract/cloud/resource-names.ts';
import { newToken, type RunningTokenService, startTokenService } from '../servers/google-token-service.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { type RunningStrictGcs, startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { askApi } from './access-callers.ts';
import { callerInEmulator } from './caller-in-emulator.ts';
import { clientSettings } from './client-settings.ts';
import { stackStatus } from './deploy-template.ts';
import { DeployedMirror, peopleArn } from './deployed-mirror.ts';
import { artifact, release } from './mirror-world.ts';

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weighbridge/providers/aws';
const limit = { timeout: 240_000 };
const bytes = generateBytes('kept', 50_000);

// The steps of one deployment's life, in their order.
describe.skipIf(lacksAwsEmulator())('a deployment on MiniStack', () => {
  let mirror: DeployedMirror;
  let upstream: Upstream;
  let gcs: RunningStrictGcs;
  let tokens: RunningTokenService;
  let cloudFormation: CloudFormationClient;
  let admitted = false;

  beforeAll(async () => {
    upstream = await startUpstream();
    upstream.put('/kept.bin', bytes);
    mirror = await DeployedMirror.start('mirror');
    cloudFormation = new CloudFormationClient(clientSettings(mirror.emulator));
    const token = newToken();
    gcs = await startStrictGcs({ tokens: { [token]: 'all' } });
    const role = gcsRoleName('buckets', { name: 'mirror', region: mirror.emulator.region }, '');
    tokens = await startTokenService({
      audience: provider,
      caller: callerInEmulator(mirror.emulator),
      admits: (arn) => admitted && arn.includes(`:assumed-role/${role}/`),
      tokenOf: () => token,
    });
  }, limit.timeout);

  afterAll(async () => {
    cloudFormation?.destroy();
    await mirror?.stop();
    await upstream?.close();
    await gcs?.stop();
    await tokens?.stop();
  }, limit.timeout);

  const collections = ['my-*'];

  /** @param more of `cloud:` */
  function configuration(more: object = {}) {
    return mirror.configure({
      cloud: {
        tags: { team: 'weights' },
        pipeline: { timeoutSeconds: 20 },
        gcs: {
          project: 'my-project',
          location: 'EU',
          public: { name: 'mirror-copies' },
          workloadIdentity: { provider },
          endpoint: gcs.url,
          tokenEndpoint: tokens.url,
        },
        ...more,
      },
      publishers: {
        models: { principals: [peopleArn()], collections, access: ['public'] },
        secrets: { principals: [peopleArn()], collections: ['secret-*'], access: ['private'], policy: true },
        ci: { github: { owner: 'someone', repository: 'weights' }, collections: ['ci-*'], access: ['public'] },
      },
      sources: { hosts: ['127.0.0.1'] },
      trustedOrigins: [upstream.origin],
    });
  }

  const manifest = () => release('my-model', [artifact('kept.bin', bytes, upstream.url('/kept.bin'))]);
  const gcsBucket = () => gcs.server.buckets.get('mirror-copies')?.rules;

  const status = (stack: string) => stackStatus(cloudFormation, stack);

  it('that fails at first leaves nothing in the way, and is repeated by the same command', limit, async () => {
    // What the setting is there for: the account has this provider already.
    const iam = new IAMClient(clientSettings(mirror.emulator));
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: 'https://token.actions.githubusercontent.com' }));
    iam.destroy();
    await configuration({ oidc: { github: 'create' } });
    await expect(mirror.deploy()).rejects.toThrow(/EntityAlreadyExists|already exists/);
    expect(await status('mirror')).toBe('ROLLBACK_COMPLETE');
    for (const purpose of ['public', 'private', 'state'] as const) {
      await expect(mirror.s3.send(new HeadBucketCommand({ Bucket: mirror.bucket(purpose) }))).rejects.toThrow();
    }
    await configuration();
    await mirror.deploy();
    expect(await status('mirror')).toBe('CREATE_COMPLETE');
  });

  it(
    'stands in AWS although Google admits nobody yet, and the same command makes the bucket later',
    limit,
    async () => {
      await expect(mirror.deploy('mirror-gcs', ['--exclusively'])).rejects.toThrow(/attribute condition|refused/);
      expect(tokens.refused.length).toBeGreaterThan(0);
      expect(await status('mirror')).toBe('CREATE_COMPLETE');
      expect(gcs.server.buckets.size).toBe(0);
      admitted = true;
      await mirror.deploy('mirror-gcs', ['--exclusively']);
      expect(mirror.outputs['mirror-gcs']).toMatchObject({ PublicBucketUrl: 'gs://mirror-copies' });
      expect(gcsBucket()?.settings).toMatchObject({ versioning: { enabled: true }, labels: { team: 'weights' } });
    },
  );

  it('publishes', limit, async () => {
    expect((await mirror.submit(manifest())).report).toMatchObject({ ok: true, state: 'published' });
  });

  const token = `weighbridge_${randomBytes(32).toString('base64url')}`;

  /** What the access API answers when it is asked for the URL of the private file. */
  const asked = (credential: Parameters<typeof askApi>[3]) =>
    askApi(mirror.emulator, mirror.output('AccessUrl'), '/secret-model/1.0.0/kept.bin?redirect=0', credential);

  async function expectGivenOut(): Promise<void> {
    expect((await asked({})).status).toBe(401);
    const { status, text } = await asked({ bearer: token });
    expect(status).toBe(200);
    const answer = await fetch(text.trim());
    expect([answer.status, Buffer.from(await answer.arrayBuffer()).equals(bytes)]).toEqual([200, true]);
  }

  it('gives private releases out by the access policy that was submitted', limit, async () => {
    const secret = release('secret-model', [artifact('kept.bin', bytes, upstream.url('/kept.bin'))], {
      access: 'private',
    });
    await mirror.submit(secret, { publisher: 'secrets' });
    const sha256 = createHash('sha256').update(token).digest('hex');
    const policy = {
      weighbridgeAccess: 1,
      principals: { farm: { tokens: [{ sha256, expires: '2099-12-31' }] } },
      grants: { weights: { to: ['farm'], collections: ['secret-*'] } },
    };
    await writeFile(join(mirror.folder, 'access.yaml'), stringify(policy));
    const submit = ['submit', 'access.yaml', '--publisher', 'secrets', '--wait', '--timeout', '120s'];
    expect(await mirror.weighbridge(submit, { publisher: 'secrets' })).toMatchObject({ code: 0 });
    await expectGivenOut();
  });

  it('is changed where a setting changes, and replaces nothing that holds something', limit, async () => {
    collections.push('new-*');
    await configuration({ tags: { team: 'others' }, pipeline: { timeoutSeconds: 30 } });
    // By what CloudFormation's specification says of each property; the emulator calls every change one that may replace.
    const differences = await mirror.app.diff('mirror', { ...mirror.context, more: ['--method=template'] });
    expect(differences).toMatch(/\[-\] 20\s.*\[\+\] 30/s);
    expect(differences).toMatch(/\[~\] AWS::S3::Bucket PublicMirror/);
    expect(differences).not.toMatch(/replace|destroy/);
    const refused = release('new-model', [artifact('kept.bin', bytes, upstream.url('/kept.bin'))]);
    expect(await mirror.report(await mirror.put(refused))).toMatchObject({ ok: false, state: 'refused' });
    await mirror.deploy(['mirror', 'mirror-gcs']);
    expect((await mirror.submit(refused)).report).toMatchObject({ ok: true, state: 'published' });
    const lambda = new LambdaClient(clientSettings(mirror.emulator));
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    lambda.destroy();
    const transfer = Functions.find(({ FunctionName }) => FunctionName?.startsWith('mirror-PipelineTransfer'));
    expect(transfer).toMatchObject({ Timeout: 30 });
    expect(gcsBucket()?.settings).toMatchObject({ labels: { team: 'others' } });
    expect(gcsBucket()?.metageneration).toBeGreaterThan(1);
  });

  it('is destroyed and leaves its buckets', limit, async () => {
    await mirror.app.destroy(['mirror', 'mirror-gcs'], mirror.context);
    expect(await status('mirror')).toBeUndefined();
    for (const purpose of ['public', 'private', 'state'] as const) {
      await mirror.s3.send(new HeadBucketCommand({ Bucket: mirror.bucket(purpose) }));
    }
    expect(await mirror.keys('public', 'my-model/')).toContain('my-model/1.0.0/release.json');
    expect(gcs.server.buckets.size).toBe(1);
  });

  it(
    'is deployed again with the buckets that were left, and knows what it had published and granted',
    limit,
    async () => {
      await mirror.deploy(['mirror', 'mirror-gcs'], ['--import-existing-resources']);
      const listed = await mirror.weighbridge(['ls', '--from', `s3://${mirror.bucket('public')}`]);
      expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/my-model.*new-model/s) });
      expect((await mirror.submit(manifest())).report).toMatchObject({ ok: true, state: 'present' });
      expect(gcs.server.buckets.size).toBe(1);
      await expectGivenOut();
    },
  );
});
