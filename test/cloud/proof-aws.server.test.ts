import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { newToken, type RunningTokenService, startTokenService } from '../servers/google-token-service.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import type { S3Credentials } from '../servers/server-access.ts';
import { sharedBundles } from '../servers/shared-bundles.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';
import { type RunningStrictGcs, startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import { callerInEmulator } from './caller-in-emulator.ts';
import { clientSettings } from './client-settings.ts';
import { createUser } from './create-user.ts';

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weights/providers/aws';
const name = 'proof-x';
/** An access policy names none that is all zeros. */
const account = '111122223333';
/** What an emulator cannot show; everything else holds there. */
const skipped = ['cdn-write', 'cdn-https', 'cdn-cached', 'cdn-http3', 'api-url-alone'];

describe.skipIf(lacksAwsEmulator())('npm run proof:aws on MiniStack', () => {
  let folder: string;
  let emulator: AwsEmulator;
  let bundles: string;
  let gcs: RunningStrictGcs;
  let tokens: RunningTokenService;
  let operator: S3Credentials;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weighbridge-proof-test-'));
    [emulator, bundles] = await Promise.all([startAwsEmulator({ auth: true, account }), sharedBundles()]);
    const token = newToken();
    gcs = await startStrictGcs({ anonymous: true, tokens: { [token]: 'all' } });
    tokens = await startTokenService({
      audience: provider,
      caller: callerInEmulator(emulator),
      admits: (arn) => arn.includes(`:assumed-role/${name}-gcs-`),
      tokenOf: () => token,
    });
    const iam = new IAMClient(clientSettings(emulator));
    // The root of an account takes no roles.
    operator = await createUser(iam, 'operator', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    iam.destroy();
    const place = `endpoint: ${gcs.url}, tokenEndpoint: ${tokens.url}, workloadIdentity: { provider: "${provider}" }`;
    await writeFile(
      join(folder, 'company.yaml'),
      `cloud: { tags: { team: proof }, access: {}, gcs: { project: some-project, public: { name: theirs }, ${place} } }\n`,
    );
  });

  afterAll(async () => {
    await Promise.all([tokens?.stop(), gcs?.stop(), emulator?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('proves what holds there, in both clouds, and leaves nothing in AWS', async () => {
    const options = ['--yes', '--emulator', '--bootstrap', '--name', name, '--config', join(folder, 'company.yaml')];
    const app = ['--app', 'node test/cloud/mirror-app.ts', '--context', `bundles=${bundles}`];
    const { code, stdout, stderr } = await runProgram(
      process.execPath,
      [join(root, 'tools/proof-aws.ts'), ...options, ...app],
      {
        cwd: root,
        env: {
          ...emulator.environment,
          ...{ AWS_ACCESS_KEY_ID: operator.accessKeyId, AWS_SECRET_ACCESS_KEY: operator.secretAccessKey },
          ...{ PATH: process.env.PATH ?? '', HOME: emulator.folder, TMPDIR: emulator.folder },
          ...{ STORAGE_EMULATOR_HOST: gcs.url, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' },
          NODE_OPTIONS: `--require ${join(import.meta.dirname, 'quick-polls.cjs')}`,
        },
      },
    );
    const states = [...stdout.matchAll(/^(ok|failed|skipped) +([a-z0-9-]+)/gm)].map(([, state, check]) => [
      check,
      state,
    ]);
    expect(
      states.filter(([, state]) => state !== 'ok').map(([check]) => check),
      `${stdout}\n${stderr}`,
    ).toEqual(skipped);
    expect(states.length).toBeGreaterThan(26);
    expect(code, stdout).toBe(0);
    const s3 = new S3Client(clientSettings(emulator));
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    s3.destroy();
    expect(Buckets.filter(({ Name = '' }) => Name.startsWith(name))).toEqual([]);
  }, 300_000);
});
