import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { Store } from '../../../lib/core/stores/store.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { scriptedSource } from '../../support/scripted-source.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const weights = Buffer.alloc(300_000, 'weights');

let folder: string;
let store: DirectoryStore;
let fixture: StageFixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-edges-'));
  store = new DirectoryStore({ url: 'file:mirror', root: folder });
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights);
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

/** A store in which one method does something else. */
function replacing<K extends keyof DirectoryStore>(store: DirectoryStore, name: K, method: DirectoryStore[K]): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property === name) return method;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('what a release is made of', () => {
  it('is never nothing: optional files that all failed publish no empty release', async () => {
    fixture.upstream.clear();
    const { report, error } = await fixture.stage(manifest([artifact('weights', weights, { required: false })]), store);
    expect(report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(error?.message).toContain('models@1.0.0');
    await expect(readFile(join(folder, 'models/1.0.0/SHA256SUMS'))).rejects.toThrow('ENOENT');
  });

  it('may be a file of no bytes', async () => {
    const empty = Buffer.alloc(0);
    fixture.upstream.set('https://upstream.example/empty', empty);
    const wanted = manifest([artifact('empty', empty)]);
    expect((await fixture.stage(wanted, store)).report).toMatchObject({ ok: true, state: 'published' });
    expect((await fixture.stage(wanted, store)).report).toMatchObject({ ok: true, state: 'present' });
  });

  it('has the size that the manifest says, also when the bytes could be copied', async () => {
    await fixture.stage(manifest([artifact('weights', weights)]), store);
    const wrong = manifest([artifact('weights', weights, { size: 7 })], { version: '1.1.0' });
    const { report } = await fixture.stage(wrong, store);
    expect(report).toMatchObject({ ok: false, published: false });
    expect(report.artifacts[0]?.state).toBe('failed');
  });
});

describe('names that JavaScript objects have', () => {
  it.each(['constructor', 'valueOf'])('can be a version: %s', async (version) => {
    const tagged = (name: string) => manifest([artifact('weights', weights)], { version: name, versioning: 'tag' });
    await fixture.stage(tagged('first'), store);
    const { report } = await fixture.stage(tagged(version), store);
    expect(report).toMatchObject({ ok: true, state: 'published' });
    const { registry } = (await readRegistry(store)) ?? {};
    expect(Object.keys(registry?.collections.models?.versions ?? {})).toContain(version);
    expect(registry?.collections.models?.latest).toBe(version);
  });

  it('can be a collection', async () => {
    const { report } = await fixture.stage(
      manifest([artifact('weights', weights)], { collection: 'constructor' }),
      store,
    );
    expect(report).toMatchObject({ ok: true, state: 'published' });
  });
});

describe('trouble that is not the whole run', () => {
  it('tries the next source when one does not say how long it is', async () => {
    const sizeless = { ...scriptedSource({ bytes: weights, name: 'https://vague.example/weights' }) };
    const vague = { ...sizeless, description: { ...sizeless.description, size: undefined } };
    const other = scriptedSource({ bytes: weights, name: 'https://upstream.example/weights' });
    const both = stageFixture({
      openSources: () => [
        { uri: 'https://vague.example/weights', resolve: async () => vague },
        { uri: 'https://upstream.example/weights', resolve: async () => other },
      ],
    });
    const { report } = await both.stage(manifest([artifact('weights', weights, { size: undefined })]), store);
    await both.close();
    expect(report.artifacts[0]).toMatchObject({ state: 'staged', source: 'https://upstream.example/weights' });
    expect(report.artifacts[0]?.attempts[0]?.reason).toContain('how long');
  });

  it('says so when no source says how long it is', async () => {
    const sizeless = scriptedSource({ bytes: weights });
    const vague = { ...sizeless, description: { ...sizeless.description, size: undefined } };
    const one = stageFixture({ openSources: () => [{ uri: 'https://vague.example/w', resolve: async () => vague }] });
    const { report } = await one.stage(manifest([artifact('weights', weights, { size: undefined })]), store);
    await one.close();
    expect(report.artifacts[0]?.reason).toContain('how long');
  });

  it('asks upstream when what it would have copied cannot be read', async () => {
    await fixture.stage(manifest([artifact('weights', weights)]), store);
    const failing = replacing(store, 'read', async function* (key, options) {
      if (key === 'models/1.0.0/weights.bin')
        throw new StoreError('reading models/1.0.0/weights.bin: the device failed');
      yield* store.read(key, options);
    });
    const { report } = await fixture.stage(manifest([artifact('weights', weights)], { version: '1.1.0' }), failing);
    expect(report.artifacts[0]).toMatchObject({ state: 'staged', bytesFetched: weights.length });
  });

  it('does not call a published release failed because leftovers could not be cleared', async () => {
    const failing = replacing(store, 'uploads', () => {
      throw new StoreError('listing unfinished uploads: the device failed');
    });
    const { report, error } = await fixture.stage(manifest([artifact('weights', weights)]), failing);
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ ok: true, state: 'published', published: true });
    expect(report.notes.join()).toContain('the device failed');
  });

  it('has an entry in the report for every artifact, also when the run was ended', async () => {
    const { report } = await fixture.stage(manifest([artifact('weights', weights)]), store, { maxBytes: 5 });
    expect(report.artifacts).toMatchObject([{ id: 'weights', state: 'skipped' }]);
  });

  it('hands the hint to programs that read the report', async () => {
    const { report } = await fixture.stage(manifest([artifact('weights', weights)]), store, { maxBytes: 5 });
    expect(report.error).toMatchObject({ hint: expect.stringContaining('Raise the limit') });
  });
});

describe('a disk that is nearly full', () => {
  it('takes the rest of an artifact whose first part is there already', async () => {
    const large = Buffer.alloc(40 << 20, 'large');
    const stopping = new AbortController();
    const source = scriptedSource({
      bytes: large,
      before: (offset) => {
        if (offset >= 30 << 20) stopping.abort(new StoreError('stop'));
      },
    });
    const openSources = () => [{ uri: source.description.source, resolve: async () => source }];
    const first = stageFixture({ openSources, signal: stopping.signal, ranges: 1 });
    const wanted = manifest([artifact('large', large)]);
    await first.stage(wanted, store);
    await first.close();
    const whole = scriptedSource({ bytes: large });
    const again = stageFixture({
      state: first.ports.state,
      openSources: () => [{ uri: whole.description.source, resolve: async () => whole }],
    });
    const tight = replacing(store, 'freeBytes', async () => 25 << 20);
    const { report } = await again.stage(wanted, tight);
    await again.close();
    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({ ok: true, state: 'published' });
  });
});

describe('an optional file that another publisher left out', () => {
  it('is not said to be in the release', async () => {
    const extra = Buffer.from('extra');
    fixture.upstream.set('https://upstream.example/extra', extra);
    const wanted = manifest([artifact('weights', weights), artifact('extra', extra, { required: false })]);
    const sums = `${artifact('weights', weights).sha256?.hex}  weights.bin\n`;
    // The other publisher decides while this run is transferring.
    const racing = replacing(store, 'put', async (key, bytes, condition) => {
      if (key.endsWith('SHA256SUMS')) await store.put(key, Buffer.from(sums), { ifAbsent: true });
      return await store.put(key, bytes, condition);
    });
    const { report } = await fixture.stage(wanted, racing);
    expect(report).toMatchObject({ ok: true, state: 'published' });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['staged', 'skipped']);
  });
});

it('a store in memory takes a release of a thousand artifacts', async () => {
  const files = Array.from({ length: 1000 }, (_, index) => Buffer.from(`file ${index}`));
  for (const [index, bytes] of files.entries()) fixture.upstream.set(`https://upstream.example/f${index}`, bytes);
  const wanted = manifest(files.map((bytes, index) => artifact(`f${index}`, bytes)));
  const memory = new MemoryStore();
  expect((await fixture.stage(wanted, memory)).report).toMatchObject({ ok: true, state: 'published' });
  expect((await fixture.stage(wanted, memory)).report).toMatchObject({ ok: true, state: 'present' });
});
