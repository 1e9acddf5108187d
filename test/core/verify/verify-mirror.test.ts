import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { type CoreEvent, silentReporter } from '../../../lib/core/events.ts';
import { parseReleaseRef } from '../../../lib/core/mirror/release-ref.ts';
import type { FindingKind } from '../../../lib/core/verify/finding.ts';
import { verifyMirror } from '../../../lib/core/verify/verify-mirror.ts';
import { type FixtureMirror, layOutMirror, sampleBytes } from '../../fixtures/mirror.ts';
import { readerOf } from '../../fixtures/open-store-mirror.ts';

const releases = [
  {
    collection: 'weights',
    version: '1.0.0',
    files: { 'a.bin': sampleBytes(400_000), 'sub/b.bin': 'b', 'empty.txt': '' },
  },
  { collection: 'weights', version: '1.1.0', files: { 'a.bin': 'other' } },
  { collection: 'more', version: '0.1.0', files: { 'c.bin': 'c' } },
];

interface Options {
  readonly refs?: readonly string[];
  readonly quick?: boolean;
  readonly emit?: (event: CoreEvent) => void;
}

function verify(root: string, { refs = [], quick = false, emit }: Options = {}) {
  return verifyMirror({
    reader: readerOf(root),
    releases: refs.map(parseReleaseRef),
    quick,
    clock: systemClock,
    reporter: emit === undefined ? silentReporter : { emit },
    signal: new AbortController().signal,
  });
}

/** Everything that lies in a folder, to show that looking changed nothing. */
async function snapshot(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const lines = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path} ${(await stat(path)).mtimeMs} ${(await readFile(path)).toString('base64')}`;
    });
  return (await Promise.all(lines)).sort();
}

test('a mirror as published is valid, and every byte of it was read', async () => {
  const { root } = await layOutMirror(releases);
  const events: CoreEvent[] = [];
  const result = await verify(root, { emit: (event) => events.push(event) });
  expect(result).toMatchObject({ ok: true, findings: [], bytesHashed: 400_000 + 1 + 0 + 5 + 1 });
  expect(result.releases.map(({ release, state }) => `${release} ${state}`)).toEqual([
    'more@0.1.0 valid',
    'weights@1.0.0 valid',
    'weights@1.1.0 valid',
  ]);
  expect(events.filter(({ type }) => type === 'artifact-finished')).toHaveLength(5);
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', state: 'valid' });
});

test('the status page of a deployment is no stray', async () => {
  const { root } = await layOutMirror(releases);
  await mkdir(join(root, '_weighbridge'));
  await writeFile(join(root, '_weighbridge/status.json'), '{}');
  expect(await verify(root)).toMatchObject({ ok: true, findings: [] });
});

test('only the releases that were named are read', async () => {
  const { root } = await layOutMirror(releases);
  await writeFile(join(root, 'stray.txt'), 'elsewhere');
  const result = await verify(root, { refs: ['weights@1.1.0'] });
  expect(result.ok).toBe(true);
  expect(result.releases.map(({ release }) => release)).toEqual(['weights@1.1.0']);
  await expect(verify(root, { refs: ['weights@3.0.0'] })).rejects.toMatchObject({ name: 'NotFound' });
});

describe('damage is named, nothing is changed', () => {
  type Damage = (mirror: FixtureMirror) => Promise<unknown>;
  const flip: (key: string, at: number) => Damage = (key, at) => async (mirror) => {
    const bytes = await readFile(mirror.path(key));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(mirror.path(key), bytes);
  };
  const replace: (key: string, from: string | RegExp, to: string) => Damage = (key, from, to) => async (mirror) => {
    const text = await readFile(mirror.path(key), 'utf8');
    expect(text.replace(from, to)).not.toBe(text);
    await writeFile(mirror.path(key), text.replace(from, to));
  };

  test.each<[string, Damage, FindingKind, string, string | null]>([
    ['one flipped bit', flip('weights/1.0.0/a.bin', 399_999), 'digest', 'a.bin', 'weights@1.0.0'],
    ['a truncated file', (m) => truncate(m.path('weights/1.0.0/a.bin'), 10), 'size', 'a.bin', 'weights@1.0.0'],
    ['a file emptied', (m) => truncate(m.path('weights/1.0.0/sub/b.bin'), 0), 'size', 'sub/b.bin', 'weights@1.0.0'],
    ['a longer file', (m) => appendFile(m.path('weights/1.0.0/a.bin'), '!'), 'size', 'a.bin', 'weights@1.0.0'],
    ['a deleted file', (m) => rm(m.path('weights/1.0.0/a.bin')), 'missing', 'a.bin', 'weights@1.0.0'],
    ['a stray file', (m) => writeFile(m.path('weights/1.0.0/x.bin'), 'x'), 'stray', 'x.bin', 'weights@1.0.0'],
    ['a stray at the top', (m) => writeFile(m.path('notes.txt'), 'x'), 'stray', 'notes.txt', null],
    ['a stray in a collection', (m) => writeFile(m.path('weights/x'), 'x'), 'stray', 'weights/x', null],
    [
      'a link',
      (m) => symlink('/etc/hostname', m.path('weights/1.0.0/link')),
      'stray',
      'weights/1.0.0/link',
      'weights@1.0.0',
    ],
    [
      'an artifact replaced by a link',
      async (m) => {
        await rename(m.path('weights/1.0.0/a.bin'), m.path('elsewhere.bin'));
        await symlink('../../elsewhere.bin', m.path('weights/1.0.0/a.bin'));
      },
      'missing',
      'a.bin',
      'weights@1.0.0',
    ],
    [
      'an edited release.json',
      replace('weights/1.0.0/release.json', '"license":null', '"license":"MIT"'),
      'record',
      'release.json',
      'weights@1.0.0',
    ],
    [
      'a missing release.json',
      (m) => rm(m.path('weights/1.0.0/release.json')),
      'missing',
      'release.json',
      'weights@1.0.0',
    ],
    [
      'an edited digest in SHA256SUMS',
      replace('weights/1.0.0/SHA256SUMS', /^[0-9a-f]{4}/, 'ffff'),
      'record',
      'SHA256SUMS',
      'weights@1.0.0',
    ],
    [
      'a line less in SHA256SUMS',
      replace('weights/1.0.0/SHA256SUMS', /^.*\n/, ''),
      'record',
      'SHA256SUMS',
      'weights@1.0.0',
    ],
    [
      'another form of SHA256SUMS',
      replace('weights/1.0.0/SHA256SUMS', '  ', ' *'),
      'record',
      'SHA256SUMS',
      'weights@1.0.0',
    ],
    ['no SHA256SUMS', (m) => rm(m.path('weights/1.0.0/SHA256SUMS')), 'missing', 'SHA256SUMS', 'weights@1.0.0'],
    ['no objects.json', (m) => rm(m.path('weights/1.0.0/objects.json')), 'missing', 'objects.json', 'weights@1.0.0'],
    [
      'a broken objects.json',
      (m) => writeFile(m.path('weights/1.0.0/objects.json'), '{'),
      'record',
      'objects.json',
      'weights@1.0.0',
    ],
    ['a broken registry', (m) => writeFile(m.path('registry.json'), '{"schema":'), 'registry', 'registry.json', null],
    [
      'an edited latest',
      replace('registry.json', '"latest":"1.1.0"', '"latest":"1.0.0"'),
      'registry',
      'registry.json',
      null,
    ],
    [
      'an edited count',
      replace('registry.json', '"bytes":400001', '"bytes":400002'),
      'record',
      'release.json',
      'weights@1.0.0',
    ],
    [
      'a release that the registry lost',
      replace('registry.json', /"more":\{.*?\}\}\},/, ''),
      'registry',
      'release.json',
      'more@0.1.0',
    ],
    ['a lost release', (m) => rm(m.path('more'), { recursive: true }), 'missing', 'release.json', 'more@0.1.0'],
  ])('%s', async (_, damage, kind, file, release) => {
    const mirror = await layOutMirror(releases);
    await damage(mirror);
    const before = await snapshot(mirror.root);
    const result = await verify(mirror.root);
    expect(result.ok).toBe(false);
    expect(result.findings).toContainEqual(expect.objectContaining({ kind, file, release }));
    const states = new Map(result.releases.map(({ release: name, state }) => [name, state]));
    if (release !== null && states.has(release)) expect(states.get(release)).toBe('invalid');
    for (const [name, state] of states) if (name !== release) expect(state).toBe('valid');
    expect(await snapshot(mirror.root)).toEqual(before);
  });
});

test('every damaged file is named, not only the first', async () => {
  const mirror = await layOutMirror(releases);
  await writeFile(mirror.path('weights/1.1.0/a.bin'), 'OTHER');
  await rm(mirror.path('more/0.1.0/c.bin'));
  await truncate(mirror.path('weights/1.0.0/a.bin'), 3);
  const { findings } = await verify(mirror.root);
  expect(findings.map(({ kind, release }) => `${kind} ${release}`).sort()).toEqual([
    'digest weights@1.1.0',
    'missing more@0.1.0',
    'size weights@1.0.0',
  ]);
  expect(findings.find(({ kind }) => kind === 'size')).toMatchObject({ expected: 400_000, actual: 3 });
});

test('an unfinished staging is a note, what a pruned release left behind is a stray', async () => {
  const mirror = await layOutMirror([
    { collection: 'gone', version: '1.0.0', files: { 'a.bin': 'a' }, pruned: { at: '2026-03-03' } },
  ]);
  await mkdir(mirror.path('later/0.1.0'), { recursive: true });
  await writeFile(mirror.path('later/0.1.0/x.bin'), 'x');
  const result = await verify(mirror.root);
  expect(result.notes.join('\n')).toContain('later@0.1.0 is unfinished: 1 file and no release.json');
  expect(result.releases).toMatchObject([{ release: 'gone@1.0.0', state: 'invalid' }]);
  expect(new Set(result.findings.map(({ kind }) => kind))).toEqual(new Set(['stray']));
});

describe('a quick look', () => {
  test('reads no content and never calls a release valid', async () => {
    const { root } = await layOutMirror(releases);
    const events: CoreEvent[] = [];
    const result = await verify(root, { quick: true, emit: (event) => events.push(event) });
    expect(result).toMatchObject({ ok: true, bytesHashed: 0, notes: [] });
    expect(events.filter(({ type }) => type === 'planned')).toEqual([]);
    const ends = events.flatMap((event) => (event.type === 'artifact-finished' ? [event.state] : []));
    expect(ends).toEqual(Array.from({ length: 5 }, () => 'unproven'));
    expect(new Set(result.releases.map(({ state }) => state))).toEqual(new Set(['unproven']));
  });

  test('finds wrong sizes, and says where a stored tag proves nothing', async () => {
    const mirror = await layOutMirror(releases);
    await truncate(mirror.path('weights/1.0.0/a.bin'), 3);
    await utimes(mirror.path('more/0.1.0/c.bin'), 1, 1);
    const result = await verify(mirror.root, { quick: true });
    expect(result.findings).toMatchObject([{ kind: 'size', file: 'a.bin' }]);
    expect(result.notes).toEqual([expect.stringContaining('more/0.1.0/c.bin: its size is right')]);
  });
});
