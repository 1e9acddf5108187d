import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const weights = Buffer.alloc(300_000, 'weights');
const config = Buffer.from('{"layers": 2}\r\n');

let folder: string;
let store: DirectoryStore;
let fixture: StageFixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-stage-'));
  store = new DirectoryStore({ url: 'file:mirror', root: folder });
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/config', config);
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

const both = manifest([artifact('weights', weights), artifact('config', config, { kind: 'config' })]);
const inMirror = (file: string) => join(folder, 'models/1.0.0', file);

describe('staging a release', () => {
  it('publishes what it proved, byte for byte', async () => {
    const { report } = await fixture.stage(both, store);
    expect(report).toMatchObject({ ok: true, state: 'published', published: true });
    expect(report.error).toBeUndefined();
    expect(report.artifacts.map(({ state }) => state)).toEqual(['staged', 'staged']);
    expect((await readFile(inMirror('config.bin'))).equals(config)).toBe(true);
    const { registry } = (await readRegistry(store)) ?? {};
    const release = await readFile(inMirror('release.json'));
    expect(registry?.collections.models?.versions['1.0.0']).toMatchObject({
      content: report.content,
      sha256: Sha256.ofBytes(release).hex,
      bytes: weights.length + config.length,
    });
    expect(registry).toMatchObject({ serial: 1, collections: { models: { latest: '1.0.0' } } });
  });

  it('is a no-op the second time, without asking upstream', async () => {
    await fixture.stage(both, store);
    fixture.upstream.clear();
    const { report } = await fixture.stage(both, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.artifacts.map(({ state, bytesFetched }) => [state, bytesFetched])).toEqual([
      ['present', 0],
      ['present', 0],
    ]);
    expect((await readRegistry(store))?.registry.serial).toBe(1);
  });

  it('goes through all sources in order, and says how each ended', async () => {
    const other = 'https://elsewhere.example/weights';
    const spec = artifact('weights', weights, {
      sources: ['https://dead.example/a', 'https://upstream.example/config', other].map((uri) => ({
        scheme: 'https' as const,
        uri,
        url: new URL(uri),
      })),
      size: undefined,
    });
    fixture.upstream.set(other, weights);
    const { report } = await fixture.stage(manifest([spec]), store);
    expect(report.artifacts[0]).toMatchObject({ state: 'staged', source: other });
    expect(report.artifacts[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['missing', 'wrong-digest', 'ok']);
  });

  it('stages the others when a required artifact fails, and publishes nothing', async () => {
    fixture.upstream.delete('https://upstream.example/config');
    const { report } = await fixture.stage(both, store);
    expect(report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['staged', 'failed']);
    await expect(stat(inMirror('SHA256SUMS'))).rejects.toThrow('ENOENT');
    fixture.upstream.set('https://upstream.example/config', config);
    const again = await fixture.stage(both, store);
    expect(again.report.artifacts.map(({ state }) => state)).toEqual(['present', 'staged']);
    expect(again.report.state).toBe('published');
  });

  it('publishes without an optional artifact, which then stays missing in this version', async () => {
    const optional = manifest([artifact('weights', weights), artifact('config', config, { required: false })]);
    fixture.upstream.delete('https://upstream.example/config');
    expect((await fixture.stage(optional, store)).report).toMatchObject({ ok: true, state: 'published' });
    fixture.upstream.set('https://upstream.example/config', config);
    const { report } = await fixture.stage(optional, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['present', 'skipped']);
    await expect(stat(inMirror('config.bin'))).rejects.toThrow('ENOENT');
  });

  it('calls an artifact without a digest unresolved, and stages it from nowhere', async () => {
    const spec = artifact('weights', weights, { sha256: undefined });
    const { report } = await fixture.stage(manifest([spec]), store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(report.artifacts[0]).toMatchObject({ state: 'unresolved', bytesFetched: 0 });
    expect(report.artifacts[0]?.reason).toContain('weighbridge lock');
  });

  it('calls an artifact without a source unresolved', async () => {
    const spec = artifact('weights', weights, { sources: [] });
    const { report } = await fixture.stage(manifest([spec]), store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(report.artifacts[0]).toMatchObject({ state: 'unresolved', reason: expect.stringContaining('no source') });
  });

  it('copies equal content instead of fetching it again', async () => {
    await fixture.stage(both, store);
    fixture.upstream.clear();
    const next = manifest([artifact('twin', weights), artifact('weights', weights)], { version: '1.1.0' });
    const { report } = await fixture.stage(next, store);
    expect(report.artifacts.map(({ state, bytesFetched }) => [state, bytesFetched])).toEqual([
      ['copied', 0],
      ['copied', 0],
    ]);
    expect((await readFile(join(folder, 'models/1.1.0/twin.bin'))).equals(weights)).toBe(true);
  });

  it('asks upstream when what it would have copied is damaged', async () => {
    await fixture.stage(both, store);
    await writeFile(inMirror('weights.bin'), Buffer.alloc(weights.length, 'x'));
    const next = manifest([artifact('weights', weights)], { version: '1.1.0' });
    const { report } = await fixture.stage(next, store);
    expect(report.artifacts[0]).toMatchObject({ state: 'staged', bytesFetched: weights.length });
    expect((await readFile(join(folder, 'models/1.1.0/weights.bin'))).equals(weights)).toBe(true);
  });

  it('refuses a run above its budget before the first byte', async () => {
    const { report, error } = await fixture.stage(both, store, { maxBytes: 1000 });
    expect(error).toMatchObject({ exit: 3, reason: 'over-budget' });
    expect(report.state).toBe('refused');
    await expect(stat(join(folder, 'models'))).rejects.toThrow('ENOENT');
  });

  it('refuses a store of the other access class', async () => {
    await fixture.stage(both, store);
    const { error } = await fixture.stage(manifest(both.artifacts, { access: 'private', version: '2.0.0' }), store);
    expect(error).toMatchObject({ exit: 3, reason: 'access-class' });
  });

  it('refuses a collection that changes its scheme of versions', async () => {
    await fixture.stage(both, store);
    const tagged = manifest(both.artifacts, { version: 'nightly', versioning: 'tag' });
    expect((await fixture.stage(tagged, store)).error).toMatchObject({ exit: 3 });
  });
});

describe('a manifest that was edited after its release', () => {
  beforeEach(async () => {
    await fixture.stage(both, store);
  });

  it('changes nothing when only labels or sources differ, and says so', async () => {
    const edited = manifest([artifact('weights', weights, { labels: { new: 'yes' } }), both.artifacts[1] ?? fail()]);
    const before = await readFile(inMirror('release.json'));
    const { report } = await fixture.stage(edited, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.notes.join()).toContain('labels of weights.bin');
    expect((await readFile(inMirror('release.json'))).equals(before)).toBe(true);
  });

  const other = Buffer.from('other bytes');
  it.each([
    ['another digest', [artifact('weights', other, { size: weights.length }), artifact('config', config)]],
    ['another size', [artifact('weights', weights, { size: 7 }), artifact('config', config)]],
    ['another name', [artifact('weights', weights, { file: 'renamed.bin' }), artifact('config', config)]],
    ['one file more', [artifact('weights', weights), artifact('config', config), artifact('new', other)]],
    ['one file less', [artifact('weights', weights)]],
    [
      'one optional file more',
      [artifact('weights', weights), artifact('config', config), artifact('new', other, { required: false })],
    ],
  ])('is refused with %s', async (_, artifacts) => {
    const { report, error } = await fixture.stage(manifest(artifacts), store);
    expect(error).toMatchObject({ name: 'Refused', exit: 3, reason: 'released-content' });
    expect(error?.hint).toBeDefined();
    expect(report.published).toBe(true);
    expect((await readRegistry(store))?.registry.serial).toBe(1);
  });
});

describe('a published release that was damaged', () => {
  beforeEach(async () => {
    await fixture.stage(both, store);
  });

  it('gets a missing object back', async () => {
    await unlink(inMirror('config.bin'));
    const { report } = await fixture.stage(both, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['present', 'staged']);
    expect((await readFile(inMirror('config.bin'))).equals(config)).toBe(true);
    expect((await fixture.stage(both, store)).report.artifacts[1]?.state).toBe('present');
  });

  it('never has a wrong object overwritten', async () => {
    const wrong = Buffer.alloc(weights.length, 'x');
    await writeFile(inMirror('weights.bin'), wrong);
    const { report } = await fixture.stage(both, store);
    expect(report.ok).toBe(false);
    expect(report.artifacts[0]).toMatchObject({ state: 'failed', reason: expect.stringContaining('damaged') });
    expect((await readFile(inMirror('weights.bin'))).equals(wrong)).toBe(true);
  });

  it('is as good as before when the tree was only copied', async () => {
    await writeFile(inMirror('weights.bin'), weights);
    const { report } = await fixture.stage(both, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
  });

  it('gets its place in the registry back', async () => {
    const { registry } = (await readRegistry(store)) ?? fail();
    await writeFile(join(folder, 'registry.json'), JSON.stringify({ ...registry, collections: {} }));
    const { report } = await fixture.stage(both, store);
    expect(report.state).toBe('published');
    expect((await readRegistry(store))?.registry.collections.models?.latest).toBe('1.0.0');
  });
});

describe('leftovers of an unpublished version', () => {
  it('are adopted when they are right', async () => {
    await store.put('models/1.0.0/weights.bin', weights, { ifAbsent: true });
    const { report } = await fixture.stage(both, store);
    expect(report.artifacts.map(({ state }) => state)).toEqual(['present', 'staged']);
  });

  it('are refused, not overwritten, when they are wrong', async () => {
    await store.put('models/1.0.0/weights.bin', Buffer.from('wrong'), { ifAbsent: true });
    const { error } = await fixture.stage(both, store);
    expect(error).toMatchObject({ exit: 3, message: expect.stringContaining('models/1.0.0/weights.bin') });
    expect((await readFile(inMirror('weights.bin'))).toString()).toBe('wrong');
  });
});

function fail(): never {
  throw new Error('the test is wrong');
}
