import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { type RuntimeConfiguration, runtimeConfigurationFile } from '../../lib/contract/cloud/deployment.ts';
import type { PipelineHandler } from '../../lib/contract/cloud/handlers.ts';
import { sourcesSchema } from '../../lib/contract/cloud/source-grants.ts';
import { inboxKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import { clientSettings } from '../cloud/client-settings.ts';
import {
  callerWithKeys,
  newToken,
  type RunningTokenService,
  startTokenService,
} from '../servers/google-token-service.ts';
import { lacksAwsEmulator, s3Server } from '../servers/running-servers.ts';
import { sharedBundles } from '../servers/shared-bundles.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';
import { type RunningStrictGcs, startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { deployment } from './deployed-handler.ts';
import { EndedRuns } from './ended-runs.ts';
import { LambdaProcess } from './lambda-process.ts';
import { PipelinePlace } from './pipeline-place.ts';

const server = s3Server('versitygw');
const large = generateBytes('large', 19 * 2 ** 20);
const small = generateBytes('small', 40_000);

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weighbridge/providers/aws';
const role = 'arn:aws:sts::123456789012:assumed-role/mirror-gcs-replicate-us-east-1/session';

describe.skipIf(server === undefined || lacksAwsEmulator())('the bundled functions, one after the other', () => {
  if (server === undefined) return;
  let folder: string;
  let emulator: AwsEmulator;
  let ended: EndedRuns;
  let upstream: Upstream;
  /** Its origin has a token for private use only, that of `locked` one that nobody put into its secret. */
  let guarded: Upstream;
  let bundles: string;
  let locked: Upstream;
  let stranger: Upstream;
  let place: PipelinePlace;
  let gcs: RunningStrictGcs;
  let tokens: RunningTokenService;
  let configuration: RuntimeConfiguration;
  const functions = new Map<PipelineHandler, LambdaProcess>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weighbridge-pipeline-'));
    bundles = await sharedBundles();
    emulator = await startAwsEmulator();
    ended = await EndedRuns.watch(emulator);
    const secrets = new SecretsManagerClient(clientSettings(emulator));
    await secrets.send(new CreateSecretCommand({ Name: 'inner', SecretString: 'token-for-private\n' }));
    secrets.destroy();
    place = await PipelinePlace.make(server);
    [upstream, guarded, locked, stranger] = [
      await startUpstream(),
      await startUpstream(),
      await startUpstream(),
      await startUpstream(),
    ];
    const token = newToken();
    gcs = await startStrictGcs({ tokens: { [token]: 'all' } });
    gcs.server.addBucket('w-copies', { versioning: { enabled: true } });
    tokens = await startTokenService({
      audience: provider,
      caller: callerWithKeys(server.credentials, role),
      admits: (arn) => arn === role,
      tokenOf: () => token,
    });
    const base = deployment();
    configuration = {
      ...base,
      sources: sourcesSchema.parse({
        hosts: ['127.0.0.1'],
        buckets: [{ bucket: `s3://${place.bucket('private')}`, for: 'any' }],
        tokens: {
          origins: [
            { origin: guarded.origin, secret: 'inner', scheme: 'Bearer' },
            { origin: locked.origin, secret: 'absent', for: 'any' },
          ],
        },
      }),
      trustedOrigins: [upstream.origin, guarded.origin, locked.origin],
      pipeline: { ...base.pipeline, timeoutSeconds: 10 },
      replicas: [{ collections: ['copied'], to: ['gcs'] }],
      gcs: cloudSchema.parse({
        gcs: {
          project: 'my-project',
          public: { name: 'w-copies' },
          workloadIdentity: { provider },
          endpoint: gcs.url,
          tokenEndpoint: tokens.url,
        },
      }).gcs,
    };
  }, 180_000);

  afterAll(async () => {
    for (const one of functions.values()) await one.end();
    for (const one of [upstream, guarded, locked, stranger]) await one?.close();
    place?.client.destroy();
    await gcs?.stop();
    await tokens?.stop();
    await ended?.close();
    await emulator?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Each function is started when it is first called, and serves the calls that follow. */
  async function invoke(name: PipelineHandler, payload: unknown, seconds = 60): Promise<unknown> {
    let running = functions.get(name);
    if (running === undefined) {
      const code = await mkdtemp(join(folder, `${name}-`));
      await cp(join(bundles, name), code, { recursive: true });
      await writeFile(join(code, runtimeConfigurationFile), JSON.stringify(configuration));
      running = new LambdaProcess(code, { AWS_ENDPOINT_URL: emulator.url, ...place.variables });
      functions.set(name, running);
    }
    return await running.call(payload, seconds);
  }

  function artifact(id: string, bytes: Uint8Array, source: string, more: object = {}) {
    const file = `${id}.bin`;
    return { id, kind: 'checkpoint', file, source, sha256: Sha256.ofBytes(bytes).hex, size: bytes.length, ...more };
  }

  /** Every test has a collection of its own in the same mirror. */
  function manifest(collection: string, artifacts: readonly object[], access = 'public') {
    return { collection, version: '1.0.0', access, artifacts };
  }

  it('make a release of what upstream has, and tell its end', async () => {
    upstream.put('/large.bin', large);
    upstream.put('/small.bin', small);
    const artifacts = [
      artifact('large', large, upstream.url('/large.bin')),
      artifact('small', small, upstream.url('/small.bin')),
    ];
    const submitted = await place.submit(manifest('good', artifacts));
    expect(await place.run(submitted, invoke)).toEqual({ ...submitted, ok: true, state: 'published' });

    const report = await place.report(submitted);
    expect(report.artifacts).toMatchObject([
      { id: 'large', state: 'staged', bytesFetched: large.length },
      { id: 'small', state: 'staged' },
    ]);
    const found = await place.public.get('good/1.0.0/large.bin', 64 * 2 ** 20);
    expect(Sha256.ofBytes(found?.bytes ?? new Uint8Array()).hex).toBe(Sha256.ofBytes(large).hex);
    expect(await place.public.head('good/1.0.0/release.json')).toBeDefined();
    expect(await ended.of(submitted.run)).toMatchObject([
      { deployment: 'mirror', ok: true, state: 'published', collection: 'good', artifactsFailed: 0 },
    ]);
    expect(functions.get('report')?.log).toContain('"RunsPublished":1');
    for (const { log } of functions.values()) expect(log).toContain(submitted.run);

    const again = await place.submit(manifest('good', artifacts));
    expect(await place.run(again, invoke)).toMatchObject({ ok: true, state: 'present' });
  });

  it('publish nothing whose bytes are others than the manifest says', async () => {
    upstream.put('/forged.bin', generateBytes('forged', small.length));
    const submitted = await place.submit(manifest('forged', [artifact('w', small, upstream.url('/forged.bin'))]));
    expect(await place.run(submitted, invoke)).toMatchObject({ ok: false, state: 'failed' });
    const [failed] = (await place.report(submitted)).artifacts;
    expect(failed).toMatchObject({ state: 'failed', attempts: [{ outcome: 'wrong-digest' }] });
    expect(await place.public.head('forged/1.0.0/w.bin')).toBeUndefined();
    expect(await place.public.head('forged/1.0.0/release.json')).toBeUndefined();
    expect(functions.get('report')?.log).toContain('"RunsFailed":1');
  });

  it('take files of a publisher from its own inbox, and of no other', async () => {
    const { hex } = Sha256.ofBytes(small);
    await place.state.put(inboxKey('other', 'public', hex), small, { ifAbsent: true });
    await place.state.put(inboxKey('team', 'private', hex), small, { ifAbsent: true });
    const wanted = manifest('sent', [artifact('w', small, 'file:weights/small.bin')]);
    const first = await place.submit(wanted);
    expect(await place.run(first, invoke)).toMatchObject({ ok: false });
    expect((await place.report(first)).artifacts).toMatchObject([{ attempts: [{ outcome: 'missing' }] }]);

    await place.state.put(inboxKey('team', 'public', hex), small, { ifAbsent: true });
    const second = await place.submit(wanted);
    expect(await place.run(second, invoke)).toMatchObject({ ok: true, state: 'published' });
    expect((await place.report(second)).artifacts).toMatchObject([{ source: 'file:weights/small.bin' }]);
  });

  it('refuse bytes in the inbox that are others than their name says', async () => {
    const bytes = generateBytes('unlike', 10_000);
    const forged = bytes.map((byte) => byte ^ 1);
    await place.state.put(inboxKey('team', 'public', Sha256.ofBytes(bytes).hex), forged, { ifAbsent: true });
    const submitted = await place.submit(manifest('unlike', [artifact('w', bytes, 'file:small.bin')]));
    expect(await place.run(submitted, invoke)).toMatchObject({ ok: false });
    expect((await place.report(submitted)).artifacts).toMatchObject([{ attempts: [{ outcome: 'wrong-digest' }] }]);
  });

  it('read no source that could launder, whatever is granted', async () => {
    stranger.put('/small.bin', small);
    const inbox = inboxKey('neighbour', 'public', Sha256.ofBytes(small).hex);
    await place.private.put('secret/1.0.0/w.bin', small, { ifAbsent: true });
    await place.state.put(inbox, small, { ifAbsent: true });
    const sources = [
      `s3://${place.bucket('private')}/secret/1.0.0/w.bin`,
      `s3://${place.bucket('state')}/${inbox}`,
      'https://169.254.169.254/latest/meta-data/iam/security-credentials/',
      stranger.url('/small.bin'),
    ];
    for (const source of sources) {
      const submitted = await place.submit(manifest('laundry', [artifact('w', small, source)]));
      expect(await place.run(submitted, invoke), source).toMatchObject({ ok: false, state: 'refused' });
      const { error } = await place.report(submitted);
      expect(error?.message, source).toContain(source);
    }
    expect(stranger.requests).toEqual([]);
    expect(await place.public.head('laundry/1.0.0/w.bin')).toBeUndefined();
  });

  it('send a token to its origin alone, and withhold one for private use from public releases', async () => {
    guarded.put('/small.bin', small);
    const submit = (access: string) =>
      place.submit(manifest('guarded', [artifact('w', small, guarded.url('/small.bin'))], access));
    const sent = () => new Set(guarded.requests.map(({ headers }) => headers.authorization));

    expect(await place.run(await submit('public'), invoke)).toMatchObject({ state: 'published' });
    expect(sent()).toEqual(new Set([undefined]));
    guarded.requests.length = 0;
    expect(await place.run(await submit('private'), invoke)).toMatchObject({ state: 'published' });
    expect(sent()).toEqual(new Set(['Bearer token-for-private']));
    expect(upstream.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    for (const { log } of functions.values()) expect(log).not.toContain('token-for-private');
  });

  it('say when a token cannot be read, instead of going without', async () => {
    locked.put('/small.bin', small);
    const submitted = await place.submit(manifest('locked', [artifact('w', small, locked.url('/small.bin'))]));
    expect(await place.run(submitted, invoke)).toMatchObject({ ok: false });
    expect((await place.report(submitted)).artifacts).toMatchObject([{ attempts: [{ outcome: 'unauthorised' }] }]);
    expect(locked.requests).toEqual([]);
  });

  it('go on in the next pass where one ran out of time', async () => {
    upstream.fault('/slow.bin', { kind: 'throttle', bytesPerSecond: 4 * 2 ** 20 });
    // Other bytes than those of releases before, which would be copied within the mirror.
    const bytes = generateBytes('slow', 19 * 2 ** 20);
    upstream.put('/slow.bin', bytes);
    const submitted = await place.submit(manifest('slow', [artifact('w', bytes, upstream.url('/slow.bin'))]));
    const passes: unknown[] = [];
    const output = await place.run(submitted, async (name, payload) => {
      // Five seconds, of which the engine keeps four for the end.
      const answer = await invoke(name, payload, name === 'transfer' && passes.length === 0 ? 5 : 60);
      if (name === 'transfer') passes.push(answer);
      return answer;
    });
    expect(output).toMatchObject({ ok: true, state: 'published' });
    expect(passes).toMatchObject([{ status: 'continue' }, { status: 'done' }]);
  });

  it('copy a release to Cloud Storage with a token that the role was exchanged for', async () => {
    // Nothing of the releases before had to do with it.
    expect(tokens.given).toEqual([]);
    const bytes = generateBytes('copied', 3 * 2 ** 20);
    upstream.put('/copied.bin', bytes);
    const submitted = await place.submit(manifest('copied', [artifact('w', bytes, upstream.url('/copied.bin'))]));
    expect(await place.run(submitted, invoke)).toMatchObject({ ok: true, state: 'published' });
    const bucket = gcs.server.buckets.get('w-copies');
    expect(bucket?.live('copied/1.0.0/w.bin')?.bytes.equals(bytes)).toBe(true);
    expect(bucket?.live('registry.json')).toBeDefined();
    expect(new Set(tokens.given)).toEqual(new Set([role]));
    expect((await place.report(submitted)).stores).toMatchObject([
      { state: 'published' },
      { store: 'gs://w-copies', state: 'published', copied: { artifacts: 1, bytes: bytes.length } },
    ]);
  });

  it('publish to the primary and say degraded where Google admits nobody', async () => {
    const bytes = generateBytes('refused', 100_000);
    upstream.put('/refused.bin', bytes);
    const wanted = { ...manifest('copied', [artifact('w', bytes, upstream.url('/refused.bin'))]), version: '1.1.0' };
    const submitted = await place.submit(wanted);
    // Those that have to do with it are deployed anew.
    for (const name of ['publish', 'replicate', 'publish-replicas'] as const) {
      await functions.get(name)?.end();
      functions.delete(name);
    }
    const refusing = await startTokenService({
      audience: provider,
      caller: callerWithKeys(server.credentials, role),
      admits: () => false,
      tokenOf: () => '',
    });
    const { gcs: settings } = configuration;
    configuration = { ...configuration, gcs: settings && { ...settings, tokenEndpoint: refusing.url } };
    try {
      expect(await place.run(submitted, invoke)).toMatchObject({ ok: false, state: 'degraded' });
    } finally {
      await refusing.stop();
    }
    expect(await place.public.head('copied/1.1.0/release.json')).toBeDefined();
    expect(new Set(refusing.refused)).toEqual(new Set([role]));
    const { stores } = await place.report(submitted);
    expect(stores[1]).toMatchObject({ store: 'gs://w-copies', state: 'failed', reason: expect.any(String) });
  });
});
