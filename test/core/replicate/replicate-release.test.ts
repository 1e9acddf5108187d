import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../lib/core/registry/canonical-json.ts';
import type { Registry } from '../../../lib/core/registry/records.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type Store, StoreError } from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const weights = Buffer.alloc(300_000, 'weights');
const config = Buffer.from('{"layers": 2}\r\n');
const both = manifest([artifact('weights', weights), artifact('config', config)]);
const shared = ['SHA256SUMS', 'RELEASE.md', 'release.json'];

let fixture: StageFixture;
let primary: MemoryStore;
let replica: MemoryStore;

const small = { partSize: 64_000, singlePut: 100_000 };
const bytesOf = (store: MemoryStore, file: string) => store.bucket.latest(`models/1.0.0/${file}`)?.bytes;

beforeEach(() => {
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/config', config);
  primary = new MemoryStore({ url: 'memory:primary', ...small });
  replica = new MemoryStore({ url: 'memory:replica', ...small });
});
afterEach(() => fixture.close());

const stage = (replicas: readonly Store[] = [replica], wanted = both) => fixture.stage(wanted, primary, { replicas });

describe('a replica', () => {
  it('receives the artifacts and the shared records byte for byte, and has a registry and objects of its own', async () => {
    const { report } = await stage();
    expect(report).toMatchObject({ ok: true, state: 'published', published: true });
    expect(report.stores).toMatchObject([
      { store: 'memory:primary', state: 'published' },
      { store: 'memory:replica', state: 'published', copied: { artifacts: 2, bytes: weights.length + config.length } },
    ]);
    for (const file of ['weights.bin', 'config.bin', ...shared]) {
      expect(bytesOf(replica, file)).toEqual(bytesOf(primary, file));
    }
    const objects = JSON.parse(Buffer.from(bytesOf(replica, 'objects.json') ?? []).toString());
    expect(objects['weights.bin'].version).toBe(replica.bucket.latest('models/1.0.0/weights.bin')?.stat.version);
    const [ours, theirs] = await Promise.all([readRegistry(primary), readRegistry(replica)]);
    expect(theirs?.registry.collections).toEqual(ours?.registry.collections);
    expect(fixture.events).toContainEqual({ type: 'phase', phase: 'replicate', store: 'memory:replica' });
  });

  it('that is complete costs a listing, the reads of its records and nothing else', async () => {
    await stage();
    const again = new MemoryStore({ url: replica.url, bucket: replica.bucket, ...small });
    const { report } = await stage([again]);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.stores[1]).toMatchObject({ state: 'present', copied: { artifacts: 0, bytes: 0 } });
    expect(again.requests).toEqual({ get: 4, list: 2 });
  });

  it('is made of a release that was published long before', async () => {
    await fixture.stage(both, primary);
    fixture.upstream.clear();
    const { report } = await stage();
    expect(report).toMatchObject({
      ok: true,
      state: 'published',
      stores: [{ state: 'present' }, { state: 'published' }],
    });
  });

  it('lacks the optional file that the primary lacks', async () => {
    fixture.upstream.delete('https://upstream.example/config');
    const optional = manifest([artifact('weights', weights), artifact('config', config, { required: false })]);
    const { report } = await stage([replica], optional);
    expect(report).toMatchObject({ ok: true, state: 'published' });
    expect(bytesOf(replica, 'config.bin')).toBeUndefined();
    expect(bytesOf(replica, 'SHA256SUMS')).toEqual(bytesOf(primary, 'SHA256SUMS'));
  });

  it('gets back what is gone from it', async () => {
    await stage();
    for (const file of ['weights.bin', 'SHA256SUMS', 'RELEASE.md', 'release.json', 'objects.json']) {
      replica.bucket.remove(`models/1.0.0/${file}`);
    }
    const { report } = await stage();
    expect(report).toMatchObject({ ok: true, state: 'present', stores: [{}, { copied: { artifacts: 1 } }] });
    for (const file of ['weights.bin', ...shared]) expect(bytesOf(replica, file)).toEqual(bytesOf(primary, file));
    const objects = JSON.parse(Buffer.from(bytesOf(replica, 'objects.json') ?? []).toString());
    expect(objects['weights.bin'].version).toBe(replica.bucket.latest('models/1.0.0/weights.bin')?.stat.version);
  });

  it('keeps a damaged object, and the run says what to do about it', async () => {
    await stage();
    const wrong = Buffer.alloc(weights.length, 'x');
    replica.bucket.overwrite('models/1.0.0/weights.bin', wrong);
    const { report } = await stage();
    expect(report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(report.stores[1]).toMatchObject({ state: 'failed', reason: expect.stringContaining('damaged') });
    expect(report.stores[1]?.reason).toContain('models/1.0.0/weights.bin in memory:replica');
    expect(bytesOf(replica, 'weights.bin')).toEqual(new Uint8Array(wrong));
  });

  it('with other content under the same name is refused, and the primary stays published', async () => {
    const other = Buffer.from('other');
    fixture.upstream.set('https://upstream.example/other', other);
    await fixture.stage(manifest([artifact('other', other)]), replica);
    const before = replica.bucket.keys().length;
    const { report, error } = await stage();
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(report.stores).toMatchObject([{ state: 'published' }, { state: 'refused' }]);
    expect(report.stores[1]?.reason).toContain('models@1.0.0 is published with other content');
    expect(replica.bucket.keys()).toHaveLength(before);
  });

  it('of the other access class is refused', async () => {
    await fixture.stage(manifest(both.artifacts, { access: 'private' }), replica);
    const next = manifest(both.artifacts, { version: '2.0.0' });
    const { report } = await stage([replica], next);
    expect(report).toMatchObject({ state: 'degraded', stores: [{ state: 'published' }, { state: 'refused' }] });
    expect(report.stores[1]?.reason).toContain('holds private releases');
    expect(replica.bucket.latest('models/2.0.0/weights.bin')).toBeUndefined();
  });

  it('that published the same content on its own keeps its record, and is complete', async () => {
    await fixture.stage(both, replica);
    const own = bytesOf(replica, 'release.json');
    const { report } = await stage();
    expect(report).toMatchObject({ ok: true, stores: [{ state: 'published' }, { state: 'present' }] });
    expect(bytesOf(replica, 'release.json')).toEqual(own);
    expect(report.notes.join()).toContain('published on its own');
  });

  it('is not touched by a run whose primary fails', async () => {
    fixture.upstream.clear();
    const { report } = await stage();
    expect(report).toMatchObject({ state: 'failed', stores: [{ state: 'failed' }, { state: 'failed' }] });
    expect(replica.requests).toEqual({});
  });

  it('never receives bytes that are not the ones of the release', async () => {
    await fixture.stage(both, primary);
    primary.bucket.overwrite('models/1.0.0/weights.bin', Buffer.alloc(weights.length, 'x'));
    // The record of the primary's objects is brought up to date by nobody: the run finds the damage itself.
    const { report } = await stage();
    expect(report.ok).toBe(false);
    expect(bytesOf(replica, 'weights.bin')).toBeUndefined();
    expect(bytesOf(replica, 'release.json')).toBeUndefined();
  });
});

describe('a replica at its limits', () => {
  it('takes nothing when it has no room, and says how much it lacks', async () => {
    const narrow = Object.assign(replica, { freeBytes: async () => 200_000 });
    const { report } = await stage([narrow]);
    expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'failed', copied: { artifacts: 0 } }] });
    expect(report.stores[1]?.reason).toContain('memory:replica has 200000 bytes free; this release needs 300015 more');
    expect(bytesOf(replica, 'config.bin')).toBeUndefined();
  });

  it('takes nothing of a release with a file that is too large for it', async () => {
    const limits = { ...replica.limits, maxObject: 200_000 };
    const { report } = await stage([Object.assign(replica, { limits })]);
    expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'refused', copied: { artifacts: 0 } }] });
    expect(report.stores[1]?.reason).toContain('weights.bin has 300000 bytes; memory:replica holds objects of up to');
  });

  it('says what about its settings makes it worth less', async () => {
    const checkSettings = async () => ['versioning of memory:replica is off'];
    const { report } = await stage([Object.assign(replica, { checkSettings })]);
    expect(report).toMatchObject({ ok: true, notes: ['versioning of memory:replica is off'] });
    expect((await stage()).report.notes).toEqual([]);
  });

  it('withdraws what the primary has withdrawn', async () => {
    await stage();
    const stored = await readRegistry(primary);
    const registry = structuredClone(stored?.registry) as Registry;
    const yanked = { at: '2026-01-01T00:00:00.000Z', reason: 'wrong labels' };
    Object.assign(registry.collections.models?.versions['1.0.0'] ?? {}, { yanked });
    primary.bucket.overwrite('registry.json', Buffer.from(canonicalJson(registry)));
    const { report } = await stage();
    expect(report.ok).toBe(true);
    const theirs = (await readRegistry(replica))?.registry.collections.models;
    expect(theirs?.versions['1.0.0']).toMatchObject({ yanked });
    expect(theirs?.latest).toBeNull();
  });

  it('is refused a version that was pruned there', async () => {
    await stage();
    const stored = await readRegistry(replica);
    const registry = structuredClone(stored?.registry) as Registry;
    Object.assign(registry.collections.models?.versions['1.0.0'] ?? {}, { pruned: { at: '2026-01-01T00:00:00Z' } });
    replica.bucket.overwrite('registry.json', Buffer.from(canonicalJson(registry)));
    replica.bucket.remove('models/1.0.0/weights.bin');
    const { report } = await stage();
    expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'refused' }] });
    expect(bytesOf(replica, 'weights.bin')).toBeUndefined();
  });
});

describe('several replicas', () => {
  it('are independent: one that fails does not keep the others from their turn', async () => {
    const broken = new Proxy(new MemoryStore({ url: 'memory:broken' }), {
      get(target, property) {
        if (property === 'get') return () => Promise.reject(new StoreError('nobody home'));
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { report } = await stage([broken, replica]);
    expect(report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(report.stores.map(({ state }) => state)).toEqual(['published', 'failed', 'published']);
    expect(report.stores[1]?.reason).toContain('nobody home');
    const { report: later } = await stage([new MemoryStore({ url: 'memory:broken' }), replica]);
    expect(later).toMatchObject({ ok: true, state: 'published' });
    expect(later.stores.map(({ state }) => state)).toEqual(['present', 'published', 'present']);
  });

  it('follow the primary in what is the latest tag, whatever order they were completed in', async () => {
    const tagged = (version: string) => manifest(both.artifacts, { version, versioning: 'tag' });
    await fixture.stage(tagged('first'), primary);
    await stage([replica], tagged('second'));
    await stage([replica], tagged('first'));
    const { registry } = (await readRegistry(replica)) ?? {};
    expect(registry?.collections.models?.latest).toBe('second');
  });

  it('may be completed by two runs at once', async () => {
    const bucket = new MemoryBucket();
    const twin = () => new MemoryStore({ url: 'memory:shared', bucket, ...small });
    const results = await Promise.all([stage([twin()]), stage([twin()])]);
    for (const { report } of results) expect(report.ok).toBe(true);
    expect(bytesOf(twin(), 'release.json')).toEqual(bytesOf(primary, 'release.json'));
    expect([...bucket.uploads]).toEqual([]);
  });
});
