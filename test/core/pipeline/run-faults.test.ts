import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PassOutput } from '../../../lib/contract/cloud/payloads.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { reportRun } from '../../../lib/core/pipeline/report-run.ts';
import { transferItem } from '../../../lib/core/pipeline/transfer-item.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { generatedContent } from '../../upstream/content.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';
import { driveRun } from './drive-run.ts';
import { PipelineFixture, partSize, stored } from './pipeline-fixture.ts';

const large = patternBytes(1 << 20, 7);
const small = Buffer.from('{"layers": 2}\r\n');

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
});
afterEach(() => fixture.close());

const weights = [{ id: 'weights', bytes: large }];
const key = 'models/1.0.0/weights.bin';

describe('an upstream that throttles', () => {
  it('is waited for, where it asks while its bytes are read', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const headers = { 'retry-after': '120' };
    fixture.upstream.fault('/weights', { kind: 'status', status: 429, headers }, { method: 'GET', from: 2 });
    const waits: number[] = [];
    const after = ({ wait, idle }: PassOutput) => {
      waits.push(wait);
      expect(idle).toBe(0);
      if (waits.length === 4) fixture.upstream.heal();
    };
    const { reported } = await driveRun(fixture, input, { after });
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(waits.slice(0, 4).every((wait) => wait >= 120 && wait <= 126)).toBe(true);
    expect(waits.at(-1)).toBe(0);
  });

  it('is waited for, where it asks while the run is planned', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    fixture.upstream.fault('/weights', { kind: 'status', status: 503, headers: { 'retry-after': '40' } });
    let waited = 0;
    const after = ({ wait }: PassOutput) => {
      waited += wait;
      fixture.upstream.heal();
    };
    const { reported } = await driveRun(fixture, input, { after });
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(waited).toBeGreaterThanOrEqual(40);
  });

  it('is waited for, where it does not say for how long', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    fixture.upstream.fault('/weights', { kind: 'status', status: 429 }, { method: 'GET' });
    const waits: number[] = [];
    const after = ({ wait }: PassOutput) => {
      waits.push(wait);
      fixture.upstream.heal();
    };
    const { reported } = await driveRun(fixture, input, { after });
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(waits[0]).toBe(60);
  });

  it('is read by so many passes at once, of all runs together, and the others wait for their turn', async () => {
    fixture.configure({ pipeline: { ...fixture.configuration.pipeline, perUpstream: 1 } });
    const one = await planRun(await fixture.submit(fixture.manifest(weights)), fixture.ports());
    const other = await planRun(
      await fixture.submit(
        fixture.manifest([{ id: 'other', bytes: patternBytes(1 << 20, 9) }], { collection: 'falcon-1' }),
      ),
      fixture.ports(),
    );
    fixture.upstream.fault('/weights', { kind: 'throttle', bytesPerSecond: 1 << 20 });
    const { publisher, run, attempt } = one;
    const slow = transferItem({ publisher, run, attempt, item: 0, idle: 0 }, fixture.ports());
    while (fixture.upstream.requestsTo('/weights', 'GET').length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const second = { publisher: other.publisher, run: other.run, attempt: other.attempt, item: 0, idle: 1 };
    const output = await transferItem(second, fixture.ports());
    expect(output).toMatchObject({ status: 'continue', idle: 1 });
    expect(output.wait).toBeGreaterThanOrEqual(5);
    expect(await slow).toMatchObject({ status: 'done' });
    expect(await transferItem(second, fixture.ports())).toMatchObject({ status: 'done' });
  });
});

describe('a pass that runs out of time', () => {
  it('goes on from its checkpoint, and fetches little again', async () => {
    const size = 2 << 20;
    const bytes = generateBytes('weights', size);
    const manifest = fixture.manifest([{ id: 'weights', bytes }]);
    fixture.upstream.put('/weights', generatedContent('weights', size));
    fixture.upstream.fault('/weights', { kind: 'throttle', bytesPerSecond: 1 << 19 });
    const input = await fixture.submit(manifest);
    let passes = 0;
    const before = (state: string) => {
      const started = Date.now();
      // A margin of three seconds stays: the pass has half a second to work in.
      if (state === 'transfer') fixture.secondsLeft = () => 3.5 - (Date.now() - started) / 1000;
      else fixture.secondsLeft = () => 600;
      if (state === 'transfer') passes += 1;
    };
    fixture.configure({ pipeline: { ...fixture.configuration.pipeline, timeoutSeconds: 10 } });
    const { reported } = await driveRun(fixture, input, { before });
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(passes).toBeGreaterThan(1);
    const fetched = reported?.report?.artifacts[0]?.bytesFetched ?? 0;
    expect(fetched).toBeGreaterThanOrEqual(size);
    // What is in flight when a pass ends: as many ranges as are read at once, and one part ahead.
    expect(fetched).toBeLessThanOrEqual(size + passes * 6 * partSize);
    expect(stored(fixture.mirror.bucket, key)).toEqual(new Uint8Array(bytes));
  });

  it('fails the run when two of them get no further', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const before = (state: string) => {
      if (state === 'transfer') fixture.upstream.fault('/weights', { kind: 'stall', at: 0 }, { method: 'GET' });
      fixture.secondsLeft = state === 'transfer' ? () => 3.2 : () => 600;
    };
    fixture.configure({ pipeline: { ...fixture.configuration.pipeline, timeoutSeconds: 10 } });
    const { reported, passes } = await driveRun(fixture, input, { before });
    expect(passes).toBe(1);
    expect(reported?.report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(reported?.report?.artifacts[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('NoProgress'),
    });
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/SHA256SUMS')).toBeUndefined();
  });

  it('is refused beforehand when it could not move a single part', async () => {
    fixture.configure({ pipeline: { ...fixture.configuration.pipeline, timeoutSeconds: 10 } });
    const { limits } = fixture.mirror;
    Object.assign(limits, { partSize: () => 512 << 20 });
    const size = 600 << 20;
    const manifest = fixture
      .manifest([{ id: 'weights', bytes: small }])
      .replace(`"size":${small.length}`, `"size":${size}`);
    fixture.upstream.put('/weights', generatedContent('weights', size));
    const { reported } = await driveRun(fixture, await fixture.submit(manifest));
    expect(reported?.report).toMatchObject({ ok: false, state: 'failed', error: { code: 'TimeoutTooShort' } });
    expect(fixture.upstream.bytesServed('/weights')).toBeLessThan(10);
  });
});

describe('a run that is submitted again', () => {
  it('hashes nothing of what an earlier attempt proved', async () => {
    const config = { id: 'config', bytes: small, sources: [fixture.upstream.url('/config')] };
    const manifest = fixture.manifest([...weights, config]);
    const first = await driveRun(fixture, await fixture.submit(manifest));
    expect(first.reported?.report).toMatchObject({ ok: false, state: 'failed' });
    const reads: string[] = [];
    const { mirror } = fixture;
    const read = mirror.read.bind(mirror);
    mirror.read = (name, options) => {
      reads.push(name);
      return read(name, options);
    };
    fixture.upstream.put('/config', small);
    fixture.upstream.forgetRequests();
    const again = await driveRun(fixture, await fixture.submit(manifest));
    expect(again.reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(again.reported?.report?.artifacts.map(({ state }) => state)).toEqual(['present', 'staged']);
    expect(reads).toEqual([]);
    expect(fixture.upstream.requestsTo('/weights')).toEqual([]);
  });

  it('reads what lies in the store without a proof, and does not fetch it', async () => {
    await fixture.mirror.put(key, large, { ifAbsent: true });
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(weights)));
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(reported?.report?.artifacts[0]).toMatchObject({ state: 'present', bytesFetched: 0 });
    expect(fixture.upstream.bytesServed('/weights')).toBe(0);
  });

  it('is refused where other bytes lie under a key of it', async () => {
    await fixture.mirror.put(key, patternBytes(large.length, 3), { ifAbsent: true });
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(weights)));
    expect(reported?.report).toMatchObject({ ok: false, state: 'refused', published: false });
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/SHA256SUMS')).toBeUndefined();
  });
});

describe('a store that does not answer', () => {
  it('is asked again by another call, under the name that the state machine knows', async () => {
    const {
      items: _,
      next: __,
      ...pointer
    } = await planRun(await fixture.submit(fixture.manifest(weights)), fixture.ports());
    const fails = () => Promise.reject(new StoreError('the store does not answer', { retryable: true }));
    const { head } = fixture.mirror;
    fixture.mirror.head = fails;
    const pass = { ...pointer, item: 0, idle: 0 };
    await expect(transferItem(pass, fixture.ports())).rejects.toMatchObject({ name: 'Unavailable' });
    const { report } = await reportRun(pointer, fixture.ports());
    expect(report).toMatchObject({
      artifacts: [{ state: 'failed', reason: expect.stringContaining('does not answer') }],
    });
    fixture.mirror.head = head;
    expect(await transferItem(pass, fixture.ports())).toMatchObject({ status: 'done' });
  });
});

describe('a replica', () => {
  beforeEach(() => fixture.configure({ replicas: [{ collections: ['*'], to: ['gcs'] }] }));

  it('receives the release after the primary, byte for byte', async () => {
    const { reported } = await driveRun(
      fixture,
      await fixture.submit(fixture.manifest([...weights, { id: 'config', bytes: small }])),
    );
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(reported?.report?.stores[1]).toMatchObject({
      store: 'gs://replica',
      state: 'published',
      copied: { artifacts: 2, bytes: large.length + small.length },
    });
    for (const file of ['weights.bin', 'config.bin', 'SHA256SUMS', 'RELEASE.md', 'release.json']) {
      const name = `models/1.0.0/${file}`;
      expect(stored(fixture.replica.bucket, name)).toEqual(stored(fixture.mirror.bucket, name));
    }
  });

  it('that is down degrades the run, and the next attempt heals it', async () => {
    const manifest = fixture.manifest(weights);
    fixture.replicaIsDown = true;
    const { reported } = await driveRun(fixture, await fixture.submit(manifest));
    expect(reported?.report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(reported?.report?.stores.map(({ state }) => state)).toEqual(['published', 'failed']);
    expect(reported?.report?.stores[1]?.reason).toContain('does not answer');
    fixture.replicaIsDown = false;
    const again = await driveRun(fixture, await fixture.submit(manifest));
    expect(again.reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(stored(fixture.replica.bucket, key)).toEqual(new Uint8Array(large));
    const third = await driveRun(fixture, await fixture.submit(manifest));
    expect(third.reported?.report).toMatchObject({ ok: true, state: 'present' });
    expect(third.passes).toBe(0);
  });

  it('that is new to an old release is not copied to for more than a run may cost, and the run says so', async () => {
    const manifest = fixture.manifest(weights);
    fixture.configure({ replicas: [] });
    await driveRun(fixture, await fixture.submit(manifest));
    fixture.configure({ replicas: [{ collections: ['*'], to: ['gcs'] }], maxRunCost: 1e-9 });
    const { reported } = await driveRun(fixture, await fixture.submit(manifest));
    expect(reported?.report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(reported?.report?.stores[1]).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('maxRunCost'),
    });
    expect(stored(fixture.replica.bucket, key)).toBeUndefined();
  });

  it('of the other access class is left alone, and the run says so', async () => {
    const input = await fixture.submit(fixture.manifest(weights, { access: 'private' }));
    const { reported } = await driveRun(fixture, input);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(reported?.report?.notes.join()).toContain('gcs');
    expect(fixture.replica.bucket.keys()).toEqual([]);
  });
});
