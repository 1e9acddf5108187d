import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { watchedStore } from '../../support/watched-store.ts';

const weights = Buffer.alloc(300_000, 'weights');
const extra = Buffer.from('an optional file\n');
const release = manifest([artifact('weights', weights), artifact('extra', extra, { required: false })]);

let folder: string;
let store: DirectoryStore;
let fixture: StageFixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-records-'));
  store = new DirectoryStore({ url: 'file:mirror', root: folder });
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/extra', extra);
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

const inMirror = (file: string) => join(folder, 'models/1.0.0', file);

describe('a published release whose records were damaged', () => {
  beforeEach(async () => {
    expect((await fixture.stage(release, store)).report.state).toBe('published');
  });

  it('is not called present while an optional object of it is gone and cannot be had', async () => {
    await unlink(inMirror('extra.bin'));
    fixture.upstream.clear();
    const { report, error } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: false, state: 'failed', published: true });
    expect(error?.message).toContain('extra.bin');
  });

  it('is not called present without its release.json', async () => {
    await unlink(inMirror('release.json'));
    const { report, error } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(error?.message).toContain('models/1.0.0/release.json');
    expect(error?.hint).toContain('estore');
    await expect(readFile(inMirror('release.json'))).rejects.toThrow('ENOENT');
  });

  it('is not called present when its release.json is another than the registry names', async () => {
    const text = await readFile(inMirror('release.json'), 'utf8');
    await writeFile(inMirror('release.json'), text.replace('"license":null', '"license":"MIT"'));
    const { report, error } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(error?.message).toContain('models/1.0.0/release.json');
  });

  it.each(['SHA256SUMS', 'RELEASE.md', 'objects.json'])('gets %s back', async (name) => {
    const before = await readFile(inMirror(name));
    await unlink(inMirror(name));
    const { report } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect((await readFile(inMirror(name))).equals(before)).toBe(true);
  });

  it.each(['SHA256SUMS', 'RELEASE.md', 'objects.json'])(
    'is not called present while %s cannot be put back',
    async (name) => {
      await unlink(inMirror(name));
      const refusing = watchedStore(store, {
        before({ key }) {
          if (key.endsWith(`/${name}`)) throw new StoreError('the store takes nothing');
        },
      });
      const { report, error } = await fixture.stage(release, refusing);
      expect(report).toMatchObject({ ok: false, state: 'failed', published: true });
      expect(error?.message).toBe('the store takes nothing');
    },
  );

  it('gets a damaged objects.json replaced', async () => {
    const before = await readFile(inMirror('objects.json'));
    await writeFile(inMirror('objects.json'), '{"weights.bin":');
    expect((await fixture.stage(release, store)).report).toMatchObject({ ok: true, state: 'present' });
    expect((await readFile(inMirror('objects.json'))).equals(before)).toBe(true);
  });

  it('gets its own tags recorded when the tree was copied, so that it is not hashed again each time', async () => {
    await writeFile(inMirror('weights.bin'), weights);
    await fixture.stage(release, store);
    const recorded = JSON.parse(await readFile(inMirror('objects.json'), 'utf8'));
    expect(recorded['weights.bin'].etag).toBe((await store.head('models/1.0.0/weights.bin'))?.etag);
  });

  it('is damaged when its SHA256SUMS says something else than its record', async () => {
    const text = await readFile(inMirror('SHA256SUMS'), 'utf8');
    await writeFile(inMirror('SHA256SUMS'), text.split('\n').slice(1).join('\n'));
    const { report, error } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(error?.message).toContain('models/1.0.0/SHA256SUMS');
  });
});

describe('a release without an optional file', () => {
  it('stays without it when its SHA256SUMS is gone', async () => {
    fixture.upstream.delete('https://upstream.example/extra');
    await fixture.stage(release, store);
    fixture.upstream.set('https://upstream.example/extra', extra);
    await unlink(inMirror('SHA256SUMS'));
    const { report } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: true, state: 'present' });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['present', 'skipped']);
    await expect(readFile(inMirror('extra.bin'))).rejects.toThrow('ENOENT');
  });
});

describe('a release that was decided and not published', () => {
  it('says what it lacks when a file that was decided to be in cannot be had', async () => {
    await fixture.stage(release, store);
    await writeFile(
      join(folder, 'registry.json'),
      JSON.stringify({ ...JSON.parse(await readFile(join(folder, 'registry.json'), 'utf8')), collections: {} }),
    );
    await unlink(inMirror('release.json'));
    await unlink(inMirror('extra.bin'));
    fixture.upstream.delete('https://upstream.example/extra');
    const { report, error } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(error?.message).toContain('extra.bin');
    expect(error?.retryable).toBe(false);
    fixture.upstream.set('https://upstream.example/extra', extra);
    expect((await fixture.stage(release, store)).report).toMatchObject({ ok: true, state: 'published' });
  });
});
