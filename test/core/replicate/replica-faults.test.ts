import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { Interrupted, NotAuthorised } from '../../../lib/core/errors.ts';
import type { Release } from '../../../lib/core/registry/records.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type Store, StoreError } from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { watchedStore } from '../../support/watched-store.ts';

const small = { partSize: 64_000, singlePut: 100_000 };
const weights = patternBytes(400_000);
const config = Buffer.from('{"layers": 2}\r\n');
const release = manifest([artifact('weights', weights), artifact('config', config)]);
const shared = ['SHA256SUMS', 'RELEASE.md', 'release.json'];

let folder: string;
let fixture: StageFixture;
let primary: MemoryStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-replica-'));
  fixture = await begun();
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

/** A primary with the release, and what stages more. */
async function begun(more: Parameters<typeof stageFixture>[0] = {}): Promise<StageFixture> {
  const made = stageFixture(more);
  made.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/config', config);
  primary = new MemoryStore({ url: 'memory:primary', ...small });
  return made;
}

async function recordOf(store: Store, file: string): Promise<Buffer | undefined> {
  const found = await store.get(`models/1.0.0/${file}`, 1 << 20);
  return found === undefined ? undefined : Buffer.from(found.bytes);
}

/** Whatever a reader meets in a store leads, at any moment, to proven bytes. */
async function expectNothingDangles(store: Store): Promise<void> {
  const entry = (await readRegistry(store))?.registry.collections.models?.versions['1.0.0'];
  const record = await recordOf(store, 'release.json');
  if (entry !== undefined) expect(Sha256.ofBytes(record ?? Buffer.from('nothing')).hex).toBe(entry.sha256);
  if (record !== undefined) {
    expect(await recordOf(store, 'SHA256SUMS')).toBeDefined();
    expect(await recordOf(store, 'RELEASE.md')).toBeDefined();
    expect(await recordOf(store, 'objects.json')).toBeDefined();
  }
  const sums = (await recordOf(store, 'SHA256SUMS'))?.toString() ?? '';
  for (const [, hex, file] of sums.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)) {
    expect(Sha256.ofBytes((await store.get(`models/1.0.0/${file}`, 1 << 20))?.bytes ?? Buffer.from('')).hex).toBe(hex);
  }
}

async function expectComplete(store: Store): Promise<void> {
  await expectNothingDangles(store);
  const { artifacts }: Release = JSON.parse(String(await recordOf(store, 'release.json')));
  expect(artifacts).toHaveLength(2);
  for (const file of shared) expect(await recordOf(store, file)).toEqual(await recordOf(primary, file));
  const mine = (await readRegistry(store))?.registry.collections;
  expect(mine).toEqual((await readRegistry(primary))?.registry.collections);
  for await (const upload of store.uploads('')) expect.fail(`${upload.key} was left unfinished`);
}

const places: readonly [string, () => Store][] = [
  ['a bucket', () => new MemoryStore({ url: 'memory:replica', ...small })],
  ['a bucket that takes parts in order', () => new MemoryStore({ url: 'memory:r', sequential: true, ...small })],
  ['a directory', () => new DirectoryStore({ url: 'file:replica', root: join(folder, 'replica') })],
];

describe.each(places)('a replica in %s', (_, open) => {
  it('never shows a reader what is not there, and is written in the order of the contract', async () => {
    const store = open();
    const watched = watchedStore(store, { after: () => expectNothingDangles(store) });
    const { report } = await fixture.stage(release, primary, { replicas: [watched] });
    expect(report).toMatchObject({ ok: true, state: 'published' });
    const written = watched.steps.filter(({ step }) => step === 'put' || step === 'complete').map(({ key }) => key);
    expect(written[0]).toBe('registry.json');
    const files = ['config.bin', 'weights.bin'].map((file) => `models/1.0.0/${file}`);
    expect(written.slice(1, 3).sort()).toEqual(files);
    const order = ['SHA256SUMS', 'RELEASE.md', 'objects.json', 'release.json'].map((file) => `models/1.0.0/${file}`);
    expect(written.slice(3)).toEqual([...order, 'registry.json']);
    await expectComplete(store);
  });

  it.each(['before', 'after'] as const)(
    'that fails for good %s any of its writes is completed by a later run',
    async (when) => {
      for (let at = 1; at < 40; at += 1) {
        await rm(join(folder, 'replica'), { recursive: true, force: true });
        const store = open();
        const fail = (_step: unknown, number: number) => {
          if (number >= at) throw new StoreError('the store went away');
        };
        const dying = watchedStore(store, { [when]: fail });
        const { report, error } = await fixture.stage(release, primary, { replicas: [dying] });
        await expectNothingDangles(store);
        expect(error).toBeUndefined();
        expect(report).toMatchObject({ published: true, stores: [{}, { store: store.url }] });
        // The swap is the last write; what was done before nobody heard of it is found by the next run.
        if (report.ok) {
          expect(at).toBeGreaterThan(8);
          return;
        }
        expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'failed' }] });
        expect(report.stores[1]?.reason).toContain('the store went away');
        const { report: later } = await fixture.stage(release, primary, { replicas: [store] });
        expect(later.ok).toBe(true);
        await expectComplete(store);
      }
      expect.fail('no run was let through');
    },
    60_000,
  );
});

describe('a run that is interrupted while it replicates', () => {
  it('says what is published where, keeps its checkpoint, and goes on from there', async () => {
    await fixture.close();
    const stop = new AbortController();
    fixture = await begun({ signal: stop.signal });
    const bucket = new MemoryBucket();
    const open = () => new MemoryStore({ url: 'memory:replica', bucket, ...small });
    let parts = 0;
    const slow = watchedStore(open(), {
      after({ step }) {
        if (step === 'part') parts += 1;
        if (parts === 4) stop.abort(new Interrupted('stopped'));
      },
    });
    const untouched = new MemoryStore({ url: 'memory:third' });
    const { report, error } = await fixture.stage(release, primary, { replicas: [slow, untouched] });
    expect(error).toMatchObject({ name: 'Interrupted', exit: 130 });
    expect(report).toMatchObject({ ok: false, state: 'degraded', published: true });
    expect(report.stores.map(({ state }) => state)).toEqual(['published', 'failed', 'failed']);
    expect(untouched.requests).toEqual({});
    expect(bucket.uploads.size).toBe(1);
    const again = stageFixture({ state: fixture.ports.state });
    const later = watchedStore(open(), {});
    const result = await again.stage(release, primary, { replicas: [later] });
    await again.close();
    expect(result.report.ok).toBe(true);
    expect(later.steps.filter(({ step }) => step === 'begin')).toEqual([]);
    expect(later.steps.filter(({ step }) => step === 'part').length).toBeLessThan(7);
    expect(again.events.filter(({ type }) => type === 'note')).toHaveLength(1);
    await expectComplete(open());
  });
});

describe('a replica that may not be written', () => {
  it('is failed with what the store says, and the next has its turn', async () => {
    const denied = watchedStore(new MemoryStore({ url: 'memory:denied' }), {
      before({ key }) {
        if (key !== 'registry.json') throw new NotAuthorised('memory:denied: access denied (403)');
      },
    });
    const other = new MemoryStore({ url: 'memory:other' });
    const { report } = await fixture.stage(release, primary, { replicas: [denied, other] });
    expect(report.stores.map(({ state }) => state)).toEqual(['published', 'failed', 'published']);
    expect(report.stores[1]?.reason).toContain('access denied (403)');
  });

  it('that went away is not tried for every one of a thousand files', async () => {
    const files = Array.from({ length: 1000 }, (_, number) => Buffer.from(`file ${number}`));
    const many = manifest(files.map((bytes, number) => artifact(`f${number}`, bytes)));
    files.forEach((bytes, number) => {
      fixture.upstream.set(`https://upstream.example/f${number}`, bytes);
    });
    const gone = watchedStore(new MemoryStore({ url: 'memory:gone' }), {
      before({ key }) {
        if (key !== 'registry.json') throw new StoreError('the store went away');
      },
    });
    const { report } = await fixture.stage(many, primary, { replicas: [gone] });
    expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'failed' }] });
    expect(gone.steps.length).toBeLessThan(60);
  });
});

describe('an object that lies in a replica unpublished', () => {
  const key = 'models/1.0.0/weights.bin';

  it('is read and taken when it is right, however it came there', async () => {
    const replica = new MemoryStore({ url: 'memory:replica', ...small });
    await replica.put(key, weights, { ifAbsent: true });
    const { report } = await fixture.stage(release, primary, { replicas: [replica] });
    expect(report).toMatchObject({ ok: true, stores: [{}, { copied: { artifacts: 1, bytes: config.length } }] });
    await expectComplete(replica);
  });

  it('is never overwritten when it is wrong', async () => {
    const replica = new MemoryStore({ url: 'memory:replica', ...small });
    await replica.put(key, Buffer.alloc(weights.length), { ifAbsent: true });
    const { report } = await fixture.stage(release, primary, { replicas: [replica] });
    expect(report).toMatchObject({ state: 'degraded', stores: [{}, { state: 'refused' }] });
    expect(report.stores[1]?.reason).toContain(`${key} is in memory:replica already with other bytes`);
    expect(await recordOf(replica, 'SHA256SUMS')).toBeUndefined();
  });
});
