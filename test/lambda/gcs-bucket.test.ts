import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runtimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import { buildLambdas } from '../../tools/build-lambdas.ts';
import {
  callerWithKeys,
  newToken,
  type RunningTokenService,
  startTokenService,
} from '../servers/google-token-service.ts';
import { type RunningStrictGcs, startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';

const keys = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret/with+signs' };
const role = 'arn:aws:sts::111122223333:assumed-role/weighbridge-gcs-buckets-eu-central-1';
const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weighbridge/providers/aws';

interface Answer {
  readonly Status: string;
  readonly PhysicalResourceId: string;
  readonly Reason?: string;
  readonly LogicalResourceId: string;
}

/** Where CloudFormation waits for an answer; an address that was signed without a type of content. */
class AnswerPlace {
  readonly answers: Answer[] = [];
  failures = 0;
  readonly #server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const typed = (request.headers['content-type'] ?? '') !== '';
    const fails = this.failures > 0 || typed;
    if (this.failures > 0) this.failures -= 1;
    response.writeHead(fails ? (typed ? 403 : 503) : 200).end();
    if (!fails) this.answers.push(JSON.parse(text) as Answer);
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/answer?X-Amz-Signature=0123456789abcdef`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('the function behind buckets in Google Cloud Storage', () => {
  const token = newToken();
  let folder: string;
  let gcs: RunningStrictGcs;
  let tokens: RunningTokenService;
  let place: AnswerPlace;
  let responseUrl: string;
  let handler: (event: unknown) => Promise<void>;
  let logged: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gcs-bucket-'));
    await buildLambdas(['gcs-bucket'], folder);
    return async () => await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    place = new AnswerPlace();
    responseUrl = await place.start();
    gcs = await startStrictGcs({ tokens: { [token]: 'all' } });
    tokens = await startTokenService({
      audience: provider,
      caller: callerWithKeys(keys, `${role}/session`),
      admits: (arn) => arn.startsWith(`${role}/`),
      tokenOf: () => token,
    });
    const settings = {
      gcs: {
        project: 'my-project',
        location: 'EU',
        public: { name: 'weights-mirror' },
        workloadIdentity: { provider },
        endpoint: gcs.url,
        tokenEndpoint: tokens.url,
      },
    };
    const configuration = runtimeConfiguration(resolveDeployment({ cloud: settings } as never));
    await writeFile(join(folder, 'gcs-bucket', 'deployment.json'), JSON.stringify(configuration));
    process.env.AWS_REGION = 'eu-central-1';
    process.env.AWS_ACCESS_KEY_ID = keys.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = keys.secretAccessKey;
    process.env.AWS_SESSION_TOKEN = 'session-token-of-the-role';
    ({ handler } = await import(join(folder, 'gcs-bucket', 'index.mjs')));
    logged = '';
    // The logger has a console of its own, on the process's streams.
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, 'write').mockImplementation((piece) => {
        logged += String(piece);
        return true;
      });
    }
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      process.env[name] = '';
    await gcs.stop();
    await tokens.stop();
    await place.stop();
  });

  const ask = (type: 'Create' | 'Update' | 'Delete', more: object = {}, bucket?: string) =>
    handler({
      RequestType: type,
      ResponseURL: responseUrl,
      StackId: 'arn:aws:cloudformation:eu-central-1:111122223333:stack/weighbridge-gcs/1',
      RequestId: 'r-1',
      LogicalResourceId: 'MirrorPublicBucket',
      ...(bucket === undefined ? {} : { PhysicalResourceId: bucket }),
      ResourceProperties: {
        Name: 'weights-mirror',
        Project: 'my-project',
        Location: 'EU',
        Existing: 'false',
        StorageClass: 'STANDARD',
        PublicRead: 'false',
        NoncurrentDays: '90',
        UnfinishedUploadDays: '14',
        SoftDeleteDays: '7',
        Owner: 'weighbridge',
        ...more,
      },
    });

  test('takes a Google identity by its role and makes the bucket, without any key', async () => {
    await ask('Create');
    expect(place.answers).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'weights-mirror' }]);
    expect(tokens.given).toEqual([`${role}/session`]);
    expect(gcs.server.buckets.has('weights-mirror')).toBe(true);
  });

  test('shows no token of Google’s to a server without TLS', async () => {
    const file = join(folder, 'gcs-bucket', 'deployment.json');
    const configuration = JSON.parse(await readFile(file, 'utf8'));
    delete configuration.gcs.tokenEndpoint;
    await writeFile(file, JSON.stringify(configuration));
    await ask('Create');
    // Asked without a token, the server refuses; Google was not asked for one.
    expect(place.answers).toMatchObject([{ Status: 'FAILED', Reason: expect.stringContaining('gs://weights-mirror') }]);
    expect(tokens.given).toEqual([]);
  });

  test('tells CloudFormation why it failed, and neither it nor the log shows a secret', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'another';
    await ask('Create');
    expect(place.answers).toMatchObject([
      { Status: 'FAILED', PhysicalResourceId: 'not-made', LogicalResourceId: 'MirrorPublicBucket' },
    ]);
    expect(place.answers[0]?.Reason).toContain('attribute condition');
    expect(tokens.refused).toEqual(['nobody']);
    expect(logged).toContain('attribute condition');
    for (const text of [logged, JSON.stringify(place.answers)]) {
      for (const secret of ['0123456789abcdef', 'session-token-of-the-role', keys.secretAccessKey, token]) {
        expect(text).not.toContain(secret);
      }
    }
  });

  test('keeps the identity of a bucket that could not be changed', async () => {
    await ask('Create');
    await ask('Update', { Location: 'US' }, 'weights-mirror');
    expect(place.answers[1]).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: 'weights-mirror',
      Reason: expect.stringContaining('cannot be moved'),
    });
  });

  test('answers again where CloudFormation stumbles', async () => {
    place.failures = 2;
    await ask('Create');
    expect(place.answers).toMatchObject([{ Status: 'SUCCESS' }]);
  });

  test('deletes nothing for a resource that was never made', async () => {
    await ask('Create');
    await ask('Delete', {}, 'not-made');
    expect(place.answers[1]).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'not-made' });
    expect(gcs.server.buckets.has('weights-mirror')).toBe(true);
  });
});
