import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { loadRegistry } from '../../../lib/core/mirror/load-registry.ts';
import { loadRelease } from '../../../lib/core/mirror/load-release.ts';
import { parseReleaseRef } from '../../../lib/core/mirror/release-ref.ts';
import { contentIdentity } from '../../../lib/core/registry/content.ts';
import type { Release } from '../../../lib/core/registry/records.ts';
import { type FixtureRelease, layOutMirror, temporaryFolder } from '../../fixtures/mirror.ts';
import { readerOf } from '../../fixtures/open-store-mirror.ts';

const weights: FixtureRelease = {
  collection: 'weights',
  version: '1.0.0',
  files: { 'a.bin': 'aaa', 'sub/b.bin': 'b' },
};

async function load(root: string, ref: string) {
  const reader = readerOf(root);
  const { registry } = await loadRegistry(reader);
  return await loadRelease(reader, registry, parseReleaseRef(ref));
}

describe('loading a release', () => {
  test('follows the chain from the registry to the content', async () => {
    const { root } = await layOutMirror([weights]);
    const loaded = await load(root, 'weights@1.0.0');
    expect(loaded.name).toBe('weights@1.0.0');
    expect(loaded.release.artifacts.map(({ file }) => file)).toEqual(['a.bin', 'sub/b.bin']);
    expect(loaded.warnings).toEqual([]);
  });

  test('takes the latest version where none is named, never a prerelease or a yanked one', async () => {
    const { root } = await layOutMirror([
      weights,
      { ...weights, version: '1.1.0' },
      { ...weights, version: '1.2.0', yanked: { at: '2026-02-02', reason: 'wrong file' } },
      { ...weights, version: '2.0.0-rc.1' },
    ]);
    expect((await load(root, 'weights')).version).toBe('1.1.0');
    expect((await load(root, 'weights@latest')).version).toBe('1.1.0');
  });

  test('warns about a yanked version and still reads it', async () => {
    const { root } = await layOutMirror([{ ...weights, yanked: { at: '2026-02-02', reason: 'wrong file' } }]);
    expect((await load(root, 'weights@1.0.0')).warnings).toEqual([
      'weights@1.0.0 was yanked at 2026-02-02: wrong file',
    ]);
  });

  test('says what there is when a name is unknown', async () => {
    const { root } = await layOutMirror([weights]);
    await expect(load(root, 'weihgts')).rejects.toMatchObject({ name: 'NotFound', exit: 5 });
    await expect(load(root, 'weihgts')).rejects.toThrow('did you mean weights? There is weights');
    await expect(load(root, 'weights@1.0.1')).rejects.toThrow('has no weights@1.0.1; did you mean 1.0.0?');
    await expect(load(root, 'constructor')).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('lists versions where there is no latest', async () => {
    const { root } = await layOutMirror([{ ...weights, version: '1.0.0-rc.1' }]);
    await expect(load(root, 'weights')).rejects.toThrow('weights has no latest version; there is 1.0.0-rc.1');
  });

  test('says that a pruned release is gone', async () => {
    const { root } = await layOutMirror([{ ...weights, pruned: { at: '2026-03-03' } }]);
    await expect(load(root, 'weights@1.0.0')).rejects.toMatchObject({ name: 'NotFound' });
    await expect(load(root, 'weights@1.0.0')).rejects.toThrow('was pruned at 2026-03-03');
  });

  test('says that an empty folder is no mirror', async () => {
    const root = await temporaryFolder();
    await expect(load(root, 'weights')).rejects.toMatchObject({ name: 'NotFound' });
    await expect(load(root, 'weights')).rejects.toThrow('is not a mirror: it has no registry.json');
  });

  test('refuses a release record that is not the one the registry lists', async () => {
    const mirror = await layOutMirror([weights]);
    const path = mirror.path('weights/1.0.0/release.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"license":null', '"license":"MIT"'));
    await expect(load(mirror.root, 'weights')).rejects.toMatchObject({ name: 'MirrorDamaged' });
    await rm(path);
    await expect(load(mirror.root, 'weights')).rejects.toThrow('whose release.json is not there');
  });

  test.each([
    ['cut in the middle', '{"schema":"weighbridge/reg', 'is not JSON'],
    ['no text', Buffer.from([0xff, 0xfe, 0x00]), 'is not JSON'],
    ['of a newer format', '{"schema":"weighbridge/registry/2"}', 'this version reads weighbridge/registry/1'],
    ['another document', '{"name":"x"}', 'is damaged: schema'],
    ['a list', '[]', 'is damaged: the document'],
  ])('refuses a registry that is %s', async (_, content, message) => {
    const mirror = await layOutMirror([weights]);
    await writeFile(mirror.path('registry.json'), content);
    await expect(load(mirror.root, 'weights')).rejects.toMatchObject({ name: 'MirrorDamaged' });
    await expect(load(mirror.root, 'weights')).rejects.toThrow(message);
  });
});

/** A record that is consistent in itself and names its first file `file`. */
function named(file: string) {
  return (release: Release): Release => {
    const artifacts = release.artifacts.map((artifact, index) =>
      index === 0 ? { ...artifact, file, path: `weights/1.0.0/${file}` } : artifact,
    );
    return { ...release, artifacts, content: contentIdentity(artifacts).hex };
  };
}

describe('a hostile release record', () => {
  test.each([
    '../outside.bin',
    'a/../../outside.bin',
    '/etc/passwd',
    'C:\\windows\\x',
    '\\\\host\\share',
    'nul',
    'com1.bin',
    'a\u0000b',
    'a\u202eb',
    'name.',
    'name ',
    'a//b',
    './a',
    '.weighbridge/x',
    '.WEIGHBRIDGE/locks/00.lock',
    'SHA256SUMS',
    'SUB/B.BIN',
    'sub',
    'sub/b.bin/c',
    '',
  ])('that names a file %j is refused', async (file) => {
    const { root } = await layOutMirror([{ ...weights, edit: named(file) }]);
    await expect(load(root, 'weights@1.0.0')).rejects.toMatchObject({ name: 'MirrorDamaged' });
  });

  test.each<[string, (release: Release) => Release]>([
    ['is about another release', (release) => ({ ...release, version: '9.9.9' })],
    ['has other content than it says', (release) => ({ ...release, content: '0'.repeat(64) })],
    ['is private in a public mirror', (release) => ({ ...release, access: 'private' })],
    [
      'sends readers elsewhere',
      (release) => ({
        ...release,
        artifacts: release.artifacts.map((it) => ({ ...it, path: `other/1.0.0/${it.file}` })),
      }),
    ],
    [
      'has an impossible size',
      (release) => {
        const artifacts = release.artifacts.map((it) => ({ ...it, size: -1 }));
        return { ...release, artifacts, content: contentIdentity(artifacts).hex };
      },
    ],
  ])('that %s is refused', async (_, edit) => {
    const { root } = await layOutMirror([{ ...weights, edit }]);
    await expect(load(root, 'weights@1.0.0')).rejects.toMatchObject({ name: 'MirrorDamaged' });
  });
});

test.each(['', 'Weights', 'a/b', '../a', 'a@', 'a@1.0.0+build', 'a@..', 'a@1/2', 'a@Latest', 'registry.json'])(
  'a release is not named %j',
  (text) => {
    expect(() => parseReleaseRef(text)).toThrow(expect.objectContaining({ name: 'UsageError', exit: 2 }));
  },
);
