import { readFile } from 'node:fs/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListMapRunsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planInput } from '../../lib/contract/cloud/payloads.ts';
import { inboxKey, reportKey, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import type { DeployedMirror } from './deployed-mirror.ts';
import { eventually } from './eventually.ts';
import { waitForExecution } from './executions.ts';
import { fetchFromDistribution } from './fetch-from-distribution.ts';
import { functionProcesses } from './function-processes.ts';
import { endOfRun, permissionsOf, pipelinePolicies, withoutPermissions } from './iam-mutation.ts';
import { mapRunCounts, mapRunResults } from './map-results.ts';
import { artifact, gcsBuckets, MirrorWorld, release, vendorObject } from './mirror-world.ts';
import { readLogs } from './read-logs.ts';

const mebibyte = 2 ** 20;
/** Five parts, and nine ranges: what has four parts and fewer begins anew. */
const resumed = 72 * mebibyte;
/** Those behind the third part. */
const stalled = { method: 'GET', from: 7, times: 2 } as const;
const setUpLimit = 180_000;
const limit = { timeout: 180_000 };

// One deployment, whose runs share nothing: most of what is here happens at the same time.
describe.skipIf(lacksAwsEmulator())('runs of a deployment on MiniStack that evaluates IAM', () => {
  let world: MirrorWorld;
  let mirror: DeployedMirror;

  beforeAll(async () => {
    world = await MirrorWorld.start();
    mirror = world.mirror;
  }, setUpLimit);

  afterAll(() => world?.stop(), setUpLimit);

  const viewer = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetchFromDistribution(mirror.emulator, new URL(mirror.output('PublicUrl')).host, path, { headers });

  /** What the passes of a run logged: that they begin, or, with their output, that they end. */
  async function passes(run: string, message: 'begins' | 'ends'): Promise<readonly { output?: { wait: number } }[]> {
    const lines = (await readLogs(mirror.logs)).filter((line) => line.includes(run) && line.includes('"transfer"'));
    const parsed = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))));
    return parsed.filter((line) => line.state === 'transfer' && line.message === message);
  }

  /** Requests for the beginning of a file at upstream. */
  function firstRanges(path: string) {
    const asked = world.upstream.requestsTo(path, 'GET').map(({ headers }) => headers.range ?? 'bytes=0-');
    return asked.filter((range) => range.startsWith('bytes=0-'));
  }

  describe('a manifest', () => {
    const large = generateBytes('large', 20 * mebibyte);
    const small = generateBytes('small', 40_000);
    const files = () => [world.file('/deep/large.bin', large), world.file('/small.bin', small)];

    it('ends as a release in S3 and in Cloud Storage, told by report and exit code', limit, async () => {
      const { report, place } = await mirror.submit(release('copied-model', files()));
      expect(report).toMatchObject({ ok: true, state: 'published', published: true, publisher: 'models' });
      expect(report.stores).toMatchObject([
        { store: `s3://${mirror.bucket('public')}`, state: 'published' },
        { store: `gs://${gcsBuckets.public}`, state: 'published', copied: { artifacts: 2 } },
      ]);
      const { status, input, output } = await mirror.execution(place);
      expect(status).toBe('SUCCEEDED');
      expect(planInput.omit({ execution: true }).strict().parse(input)).toEqual({
        bucket: mirror.bucket('state'),
        key: submissionKey(place),
        versionId: expect.stringMatching(/./),
      });
      expect(output).toMatchObject({ ok: true, state: 'published' });
      expect(new Set(world.tokens.given.map((arn) => arn.split('/')[1]))).toEqual(
        new Set(['publish', 'replicate', 'publish-replicas'].map((purpose) => `weights-gcs-${purpose}-us-east-1`)),
      );
      expect(world.tokens.refused).toEqual([]);
    });

    it('is read through the CDN: whole, by range, and with every digest right', limit, async () => {
      const folder = 'copied-model/1.0.0';
      const sums = (await viewer(`/${folder}/SHA256SUMS`)).body.toString();
      const lines = sums
        .trim()
        .split('\n')
        .map((line) => line.split('  '));
      expect(lines.map(([, file]) => file)).toEqual(['deep/large.bin', 'small.bin']);
      const gcs = world.storage().bucket(gcsBuckets.public);
      for (const [digest, file] of lines) {
        const { status, body } = await viewer(`/${folder}/${file}`);
        expect([status, Sha256.ofBytes(body).hex]).toEqual([200, digest]);
        const [copy] = await gcs.file(`${folder}/${file}`).download();
        expect(Sha256.ofBytes(copy).hex).toBe(digest);
      }
      const part = await viewer(`/${folder}/small.bin`, { range: 'bytes=100-199' });
      expect(part.status).toBe(206);
      expect(part.body.equals(small.subarray(100, 200))).toBe(true);
      const [copied] = await gcs.file('registry.json').download();
      for (const registry of [(await viewer('/registry.json')).body, copied]) {
        const { access, collections } = JSON.parse(registry.toString());
        expect(access).toBe('public');
        expect(collections['copied-model']).toMatchObject({ latest: '1.0.0', versions: { '1.0.0': { artifacts: 2 } } });
      }
    });

    it('is there for the program: verify holds it against its records', limit, async () => {
      const stores = ['--store', `s3://${mirror.bucket('public')}`, '--quick'];
      const verified = await mirror.weighbridge(['verify', ...stores]);
      expect(verified, verified.stdout + verified.stderr).toMatchObject({ code: 0 });
    });

    it('is a no-op when it is submitted again', limit, async () => {
      world.upstream.forgetRequests();
      const { report } = await mirror.submit(release('copied-model', files()));
      expect(report).toMatchObject({ ok: true, state: 'present' });
      expect(report.stores).toMatchObject([{ state: 'present' }, { state: 'present' }]);
      expect(world.upstream.bytesServed()).toBe(0);
    });

    it('continues where its function was killed', limit, async () => {
      const bytes = generateBytes('killed', resumed);
      world.upstream.fault('/killed.bin', { kind: 'stall', at: 4096 }, stalled);
      const before = await mirror.keys('state', 'working/checkpoints/');
      const submitted = mirror.submit(release('my-killed', [world.file('/killed.bin', bytes)]));
      await eventually('a checkpoint behind which ranges stall', async () => {
        const begun = world.upstream.requestsTo('/killed.bin', 'GET').length >= 8;
        return begun && (await mirror.keys('state', 'working/checkpoints/')).length > before.length ? true : undefined;
      });
      const processes = await functionProcesses(mirror.emulator, 'weights-PipelineTransfer');
      expect(processes.length).toBeGreaterThan(0);
      for (const { pid } of processes) process.kill(pid, 'SIGKILL');
      const { report, place } = await submitted;
      expect(report).toMatchObject({ ok: true, state: 'published' });
      const begun = await passes(place.run, 'begins');
      expect(begun.length, await mirror.story(place)).toBeGreaterThan(1);
      expect(firstRanges('/killed.bin')).toHaveLength(1);
    });
  });

  describe.concurrent('side by side', () => {
    it('a digest that does not hold ends failed, with its report, and publishes nothing', limit, async () => {
      const right = generateBytes('right', 30_000);
      const wrong = { ...world.file('/wrong.bin', generateBytes('wrong', 30_000)), sha256: 'ab'.repeat(32) };
      const { report, place, stdout } = await mirror.submit(
        release('my-forged', [world.file('/right.bin', right), wrong]),
        { exit: 1 },
      );
      expect(report).toMatchObject({ ok: false, state: 'failed', published: false });
      expect(report.artifacts).toMatchObject([
        { id: 'right.bin', state: 'staged' },
        { id: 'wrong.bin', state: 'failed', attempts: [{ outcome: 'wrong-digest' }] },
      ]);
      expect(JSON.parse(stdout)).toEqual(report);
      expect(await mirror.execution(place)).toMatchObject({ status: 'FAILED', error: 'RunFailed' });
      expect(await mirror.keys('public', 'my-forged/')).toEqual(['my-forged/1.0.0/right.bin']);
      expect((await viewer('/registry.json')).body.toString()).not.toContain('my-forged');
    });

    it('a pass that runs out of time leaves the rest to the next, which fetches nothing twice', limit, async () => {
      const bytes = generateBytes('slow', resumed);
      world.upstream.fault('/slow.bin', { kind: 'stall', at: 4096 }, stalled);
      const { report, place } = await mirror.submit(release('my-slow', [world.file('/slow.bin', bytes)]));
      expect(report).toMatchObject({ ok: true, state: 'published' });
      const story = await mirror.story(place);
      const begun = await passes(place.run, 'begins');
      expect(begun.length, story).toBeGreaterThan(1);
      expect(firstRanges('/slow.bin'), story).toHaveLength(1);
      expect(world.upstream.bytesServed('/slow.bin')).toBeLessThan(bytes.length + 24 * mebibyte);
    });

    it('an upstream that asks for patience gets it', limit, async () => {
      const patience = { kind: 'status', status: 429, headers: { 'retry-after': '12' } } as const;
      world.upstream.fault('/busy.bin', patience, { method: 'GET', times: 1 });
      const { report, place } = await mirror.submit(
        release('my-busy', [world.file('/busy.bin', generateBytes('busy', 50_000))]),
      );
      expect(report).toMatchObject({ ok: true, state: 'published' });
      const waits = (await passes(place.run, 'ends')).map(({ output }) => output?.wait);
      expect(waits, await mirror.story(place)).toEqual([expect.any(Number), 0]);
      expect(waits[0] ?? 0).toBeGreaterThanOrEqual(12);
    });

    it('200 small artifacts and three large ones go through one map, in four items', limit, async () => {
      const small = Array.from({ length: 200 }, (_, n) =>
        world.file(`/many/${n}.bin`, generateBytes(`many-${n}`, 2000)),
      );
      const large = [1, 2, 3].map((n) =>
        world.file(`/many/large-${n}.bin`, generateBytes(`many-large-${n}`, 17 * mebibyte)),
      );
      const { report, place } = await mirror.submit(release('my-many', [...small, ...large]));
      expect(report).toMatchObject({ ok: true, state: 'published' });
      expect(report.artifacts.filter(({ state }) => state === 'staged')).toHaveLength(203);
      const { arn } = await mirror.execution(place);
      const four = { total: 4, succeeded: 4, failed: 0, pending: 0, running: 0 };
      expect(await mapRunCounts(mirror.sfn, arn)).toMatchObject([four]);
      const { mapRuns = [] } = await mirror.sfn.send(new ListMapRunsCommand({ executionArn: arn }));
      const results = await mapRunResults(mirror.s3, mirror.bucket('state'), mapRuns[0]?.mapRunArn ?? '');
      expect(results.failed).toEqual([]);
      expect(results.succeeded.map(({ Input }) => JSON.parse(Input).item).toSorted()).toEqual([0, 1, 2, 3]);
    });

    it('where Cloud Storage is down the primary is published, and a later submission heals', limit, async () => {
      const manifest = release('copied-later', [world.file('/later.bin', generateBytes('later', 60_000))]);
      const outage = world.gcsLine.fault({}, { kind: 'drop' });
      const { report, place } = await mirror.submit(manifest, { exit: 1 });
      expect(outage.met).toBeGreaterThan(0);
      outage.remove();
      expect(report).toMatchObject({ ok: false, state: 'degraded', published: true });
      expect(report.stores).toMatchObject([{ state: 'published' }, { state: 'failed', reason: expect.any(String) }]);
      expect((await mirror.execution(place)).error).toBe('RunFailed');
      expect((await viewer('/copied-later/1.0.0/later.bin')).status).toBe(200);
      const healed = await mirror.submit(manifest);
      expect(healed.report).toMatchObject({ ok: true });
      expect(healed.report.stores).toMatchObject([{ state: 'present' }, { state: 'published' }]);
      const [exists] = await world.storage().bucket(gcsBuckets.public).file('copied-later/1.0.0/release.json').exists();
      expect(exists).toBe(true);
    });

    it('the same event twice is one attempt', limit, async () => {
      const place = await mirror.put(release('my-twice', [world.file('/twice.bin', generateBytes('twice', 1000))]));
      const Key = submissionKey(place);
      const { VersionId: versionId } = await mirror.s3.send(
        new HeadObjectCommand({ Bucket: mirror.bucket('state'), Key }),
      );
      const input = JSON.stringify({ bucket: mirror.bucket('state'), key: Key, versionId });
      const { executionArn = '' } = await mirror.sfn.send(
        new StartExecutionCommand({ stateMachineArn: mirror.output('StateMachine'), input }),
      );
      expect(await mirror.report(place)).toMatchObject({ ok: true, state: 'published' });
      await waitForExecution(mirror.sfn, executionArn);
      const both = await mirror.executions(place);
      expect(both.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      const nexts = both.map(({ output }) => (output as { next?: string }).next);
      expect(
        nexts.filter((next) => next === 'duplicate'),
        await mirror.story(place),
      ).toHaveLength(1);
    });

    it('a private release, from this machine, through the inbox, is nowhere in public', limit, async () => {
      const bytes = generateBytes('mine', 6 * mebibyte);
      const manifest = release('my-secret', [artifact('mine.bin', bytes, 'file:mine.bin')], { access: 'private' });
      const { report } = await mirror.submit(manifest, { files: { 'mine.bin': bytes } });
      expect(report).toMatchObject({ ok: true, state: 'published' });
      const Key = 'my-secret/1.0.0/mine.bin';
      const { Body } = await mirror.s3.send(new GetObjectCommand({ Bucket: mirror.bucket('private'), Key }));
      expect(Sha256.ofBytes((await Body?.transformToByteArray()) ?? Buffer.of()).hex).toBe(Sha256.ofBytes(bytes).hex);
      expect((await viewer(`/${Key}`)).status).toBe(404);
      const seen = [await viewer('/registry.json'), await viewer('/_weighbridge/status.json')];
      for (const { body } of seen) expect(body.toString()).not.toContain('my-secret');
      for (const [purpose, status] of [
        ['public', 403],
        ['private', 403],
        ['state', 403],
      ] as const) {
        const answer = await fetch(`${mirror.emulator.url}/${mirror.bucket(purpose)}/registry.json`);
        expect([purpose, answer.status]).toEqual([purpose, status]);
      }
    });
  });

  describe.concurrent('a manifest cannot launder', () => {
    const bytes = generateBytes('coveted', 3000);

    /** Past the program, which would refuse to submit it. */
    async function refused(collection: string, source: string, access = 'public'): Promise<string> {
      const place = await mirror.put(release(collection, [artifact('w.bin', bytes, source)], { access }));
      const report = await mirror.report(place);
      expect(report, source).toMatchObject({ ok: false, published: false });
      expect(await mirror.keys('public', `${collection}/`)).toEqual([]);
      return report.state === 'refused' ? (report.error?.message ?? '') : JSON.stringify(report.artifacts);
    }

    it('what is in the private mirror', limit, async () => {
      const Key = 'my-hidden/1.0.0/w.bin';
      await mirror.s3.send(new PutObjectCommand({ Bucket: mirror.bucket('private'), Key, Body: bytes }));
      expect(await refused('my-hidden', `s3://${mirror.bucket('private')}/${Key}`)).toContain('private releases');
    });

    it("what is in another publisher's inbox, by its address or by its digest", limit, async () => {
      const Key = inboxKey('others', 'public', Sha256.ofBytes(bytes).hex);
      await mirror.s3.send(new PutObjectCommand({ Bucket: mirror.bucket('state'), Key, Body: bytes }));
      expect(await refused('my-inbox-a', `s3://${mirror.bucket('state')}/${Key}`)).toContain('working state');
      expect(await refused('my-inbox-b', 'file:w.bin')).toContain('"missing"');
    });

    it('what a token opens that is granted for private use', limit, async () => {
      const one = world.file('/inner.bin', generateBytes('inner', 3000), world.guarded);
      const submitted = await mirror.submit(release('my-inner', [one]), { exit: 1 });
      expect(submitted.report.artifacts).toMatchObject([
        { attempts: [{ outcome: expect.stringMatching(/gated|unauthorised/) }] },
      ]);
      const { report } = await mirror.submit(release('my-inner', [one], { access: 'private' }));
      expect(report).toMatchObject({ ok: true, state: 'published' });
      const told = [report, ...(await readLogs(mirror.logs))].map((line) => JSON.stringify(line)).join('\n');
      expect(told).not.toContain('token-for-private');
    });

    it('what a bucket holds that is granted for private use', limit, async () => {
      const one = await vendorObject(world, 'models/w.bin', generateBytes('vendor', 3000));
      expect(await refused('my-vendor', one.source)).toContain('is granted for private releases');
      const { report } = await mirror.submit(release('my-vendor', [one], { access: 'private' }));
      expect(report).toMatchObject({ ok: true, state: 'published' });
    });

    it('what listens beside the functions, directly or by a redirect', limit, async () => {
      world.stranger.put('/w.bin', bytes);
      const stranger = world.stranger.url('/w.bin');
      expect(await refused('my-stranger', stranger)).toContain('no trusted origin');
      world.upstream.fault('/to-stranger.bin', { kind: 'redirect', to: stranger });
      expect(await refused('my-stranger-b', world.upstream.url('/to-stranger.bin'))).toContain('"forbidden"');
      expect(world.stranger.requests).toEqual([]);
    });

    it('what the metadata service says, directly or by a redirect', limit, async () => {
      const metadata = 'http://169.254.169.254/latest/meta-data/iam/security-credentials/';
      expect(await refused('my-metadata', metadata)).toContain('link-local');
      world.upstream.fault('/to-metadata.bin', { kind: 'redirect', to: metadata });
      expect(await refused('my-metadata-b', world.upstream.url('/to-metadata.bin'))).toContain('"forbidden"');
    });

    it('its way into a collection of another publisher', limit, async () => {
      const manifest = release('other-model', [world.file('/other.bin', bytes)]);
      const place = await mirror.put(manifest);
      expect(await mirror.report(place)).toMatchObject({ ok: false, state: 'refused' });
      await expect(mirror.submit(manifest, { exit: 0 })).rejects.toThrow('submit ended with 3');
    });
  });

  it(
    'the role of a publisher may do nothing in the place of another, and see nothing but its reports',
    limit,
    async () => {
      const s3 = new S3Client({ ...(await mirror.settingsOf('models')), maxAttempts: 1 });
      const state = mirror.bucket('state');
      const denied = { name: 'AccessDenied' };
      const id = '0'.repeat(32);
      const place = { publisher: 'others', run: id, attempt: '01JD0000000000000000000000' };
      const own = { ...place, publisher: 'models' };
      const puts = [
        submissionKey(place),
        inboxKey('others', 'public', id),
        'policy/access.json',
        `working/runs/${id}/plan.json`,
      ];
      for (const Key of [...puts, reportKey(own), 'submissions/models-b/x.json']) {
        await expect(s3.send(new PutObjectCommand({ Bucket: state, Key, Body: '{}' })), Key).rejects.toMatchObject(
          denied,
        );
      }
      const [checkpoint = ''] = await mirror.keys('state', 'working/');
      const [submission = ''] = await mirror.keys('state', 'submissions/models/');
      for (const Key of [checkpoint, submission, reportKey(place)]) {
        await expect(s3.send(new GetObjectCommand({ Bucket: state, Key })), Key).rejects.toMatchObject(denied);
      }
      await expect(s3.send(new DeleteObjectCommand({ Bucket: state, Key: submission }))).rejects.toMatchObject(denied);
      for (const Bucket of [mirror.bucket('public'), mirror.bucket('private')]) {
        const Key = 'registry.json';
        await expect(s3.send(new GetObjectCommand({ Bucket, Key })), Bucket).rejects.toMatchObject(denied);
        await expect(s3.send(new PutObjectCommand({ Bucket, Key, Body: '{}' })), Bucket).rejects.toMatchObject(denied);
      }
      const [report = ''] = await mirror.keys('state', 'reports/models/');
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: state, Key: report }));
      expect(await Body?.transformToString()).toContain('{');
      s3.destroy();
    },
  );

  describe('without a permission of its role', () => {
    it.each([
      ['plan', 's3:PutObject', '/working/*', 'NotAuthorised'],
      ['transfer', 's3:PutObject', '/*/*/*', 'NotAuthorised'],
      ['publish', 's3:PutObject', '/registry.json', 'NotAuthorised'],
    ])('%s fails as the runbook says: %s on …%s', limit, async (handler, action, key, error) => {
      const policy = (await pipelinePolicies(mirror.iam, 'weights')).get(handler);
      if (policy === undefined) throw new Error(`${handler} has no policy`);
      const taken = (one: string, resource: string) => one === action && resource.endsWith(`-an${key}`);
      expect(permissionsOf(policy).filter((one) => taken(one.action, one.resource)).length).toBeGreaterThan(0);
      const restore = await withoutPermissions(mirror.iam, policy, taken);
      try {
        const place = await mirror.put(
          release(`my-no-${handler}`, [world.file(`/no-${handler}.bin`, generateBytes(handler, 2000))]),
        );
        const run = await endOfRun(mirror, place);
        expect(run.ok, await mirror.story(place)).toBe(false);
        expect(run.errors.join('\n'), await mirror.story(place)).toContain(error);
        expect(await readFile('docs/runbook.md', 'utf8')).toContain(`### ${error}\n`);
      } finally {
        await restore();
      }
    });
  });

  it('what is missing is not found, and nothing can be listed', limit, async () => {
    expect((await viewer('/copied-model/1.0.0/other.bin')).status).toBe(404);
    const bare = await viewer('/?list-type=2');
    expect(bare.status).toBe(200);
    expect(JSON.parse(bare.body.toString())).toMatchObject({ access: 'public' });
  });
});
