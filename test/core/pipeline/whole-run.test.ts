import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { progressSchema } from '../../../lib/contract/cloud/progress.ts';
import { progressKey, reportKey } from '../../../lib/contract/cloud/state-keys.ts';
import { statusPageSchema } from '../../../lib/contract/cloud/status-page.ts';
import { statusKey } from '../../../lib/contract/keys.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { driveRun } from './drive-run.ts';
import { PipelineFixture, stored } from './pipeline-fixture.ts';

const large = patternBytes(1 << 20, 7);
const small = Buffer.from('{"layers": 2}\r\n');

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
});
afterEach(() => fixture.close());

const both = () => [
  { id: 'weights', bytes: large },
  { id: 'config', bytes: small },
];

describe('a run through all states', () => {
  it('publishes what it proved, and says who submitted it', async () => {
    const input = await fixture.submit(fixture.manifest(both()));
    const { reported } = await driveRun(fixture, input);
    expect(reported?.report).toMatchObject({
      ok: true,
      state: 'published',
      published: true,
      publisher: 'team',
      commit: 'a'.repeat(40),
      stores: [{ store: 's3://mirror-public', state: 'published' }],
    });
    expect(reported?.report?.artifacts.map(({ id, state, bytesFetched }) => [id, state, bytesFetched])).toEqual([
      ['weights', 'staged', large.length],
      ['config', 'staged', small.length],
    ]);
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/weights.bin')).toEqual(new Uint8Array(large));
    const release = stored(fixture.mirror.bucket, 'models/1.0.0/release.json');
    const registry = (await readRegistry(fixture.mirror))?.registry;
    const entry = registry?.collections.models?.versions['1.0.0'];
    expect(registry?.mirrors).toEqual([{ kind: 'https', baseUrl: 'https://weights.example.org', readers: 'public' }]);
    expect(entry?.sha256).toBe(Sha256.ofBytes(release ?? Buffer.alloc(0)).hex);
    const record = JSON.parse(Buffer.from(release ?? []).toString());
    expect(record.manifest).toMatchObject({ commit: 'a'.repeat(40), repository: 'https://example.org/models.git' });
    expect(record.artifacts[0].origin.source).toContain('127.0.0.1');
  });

  it('keeps report, progress and public status, and tells how it ended', async () => {
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(both())));
    const output = reported?.output;
    if (output === undefined) throw new Error('nothing was reported');
    const { bucket } = fixture.state;
    expect(JSON.parse(Buffer.from(stored(bucket, reportKey(output)) ?? []).toString())).toEqual(reported?.report);
    const progress = progressSchema.parse(
      JSON.parse(Buffer.from(stored(bucket, progressKey(output)) ?? []).toString()),
    );
    expect(progress).toMatchObject({ phase: 'ended', release: 'models@1.0.0', artifacts: 2 });
    const moved = Object.values(progress.items).filter(({ bytes }) => bytes > 0);
    expect(moved.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(large.length + small.length);
    const page = statusPageSchema.parse(
      JSON.parse(Buffer.from(stored(fixture.mirror.bucket, statusKey) ?? []).toString()),
    );
    expect(page.runs).toMatchObject([{ release: 'models@1.0.0', state: 'published', ok: true }]);
    expect(reported?.event).toMatchObject({
      deployment: 'weighbridge',
      collection: 'models',
      state: 'published',
      bytesMoved: large.length + small.length,
      artifactsFailed: 0,
    });
  });

  it('is a no-op the second time, and asks upstream nothing', async () => {
    await driveRun(fixture, await fixture.submit(fixture.manifest(both())));
    fixture.upstream.forgetRequests();
    const again = await driveRun(fixture, await fixture.submit(fixture.manifest(both())));
    expect(again.reported?.report).toMatchObject({ ok: true, state: 'present' });
    expect(again.items).toBe(0);
    expect(fixture.upstream.requests).toEqual([]);
    expect((await readRegistry(fixture.mirror))?.registry.serial).toBe(1);
  });

  it('puts 450 small artifacts into three items', async () => {
    const many = Array.from({ length: 450 }, (_, at) => ({ id: `part-${at}`, bytes: Buffer.from(`weights ${at}`) }));
    const { reported, items } = await driveRun(fixture, await fixture.submit(fixture.manifest(many)));
    expect(items).toBe(3);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(reported?.report?.artifacts.every(({ state }) => state === 'staged')).toBe(true);
  });

  it('publishes nothing where the bytes are not those of the manifest, and says which', async () => {
    const wrong = [
      { id: 'config', bytes: small },
      { id: 'weights', bytes: large, sha256: 'ab12'.repeat(16) },
    ];
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(wrong)));
    expect(reported?.report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(reported?.report?.artifacts.map(({ state }) => state)).toEqual(['staged', 'failed']);
    expect(reported?.report?.artifacts[1]?.attempts[0]?.outcome).toBe('wrong-digest');
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/SHA256SUMS')).toBeUndefined();
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/weights.bin')).toBeUndefined();
    expect([...fixture.mirror.bucket.uploads]).toEqual([]);
  });

  it('goes on to the second source where the first is dead', async () => {
    fixture.upstream.put('/elsewhere', large);
    const sources = [fixture.upstream.url('/dead'), fixture.upstream.url('/elsewhere')];
    const input = await fixture.submit(fixture.manifest([{ id: 'weights', bytes: large, sources }]));
    const { reported } = await driveRun(fixture, input);
    expect(reported?.report?.artifacts[0]).toMatchObject({ state: 'staged', source: sources[1] });
  });

  it('counts private runs on the public page without naming them', async () => {
    const input = await fixture.submit(fixture.manifest(both(), { access: 'private' }));
    expect((await driveRun(fixture, input)).reported?.report).toMatchObject({ ok: true, state: 'published' });
    const page = Buffer.from(stored(fixture.mirror.bucket, statusKey) ?? []).toString();
    expect(JSON.parse(page)).toMatchObject({ runs: [], private: { ok: 1, failed: 0 } });
    expect(page).not.toContain('models');
  });

  it('fetches once what a release holds twice', async () => {
    const twins = [
      { id: 'one', bytes: large },
      { id: 'other', bytes: large },
    ];
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(twins)));
    expect(reported?.report?.artifacts.map(({ state }) => state)).toEqual(['staged', 'copied']);
    expect(fixture.upstream.bytesServed('/other')).toBe(0);
  });

  it('publishes into a directory as into a bucket', async () => {
    const root = await mkdtemp(join(tmpdir(), 'weighbridge-pipeline-'));
    try {
      const store = new DirectoryStore({ url: fixture.mirror.url, root });
      fixture.around = (one) => (one.url === store.url ? (store as unknown as typeof one) : one);
      const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(both())));
      expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
      expect((await readFile(join(root, 'models/1.0.0/weights.bin'))).equals(large)).toBe(true);
      const again = await driveRun(fixture, await fixture.submit(fixture.manifest(both())));
      expect(again.reported?.report).toMatchObject({ ok: true, state: 'present' });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
