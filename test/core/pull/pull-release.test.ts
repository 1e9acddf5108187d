import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PullReport } from '../../../lib/core/pull/pull-report.ts';
import { type FixtureMirror, layOutMirror, sampleBytes, temporaryFolder } from '../../fixtures/mirror.ts';
import { readerOf } from '../../fixtures/open-store-mirror.ts';
import { httpMirror, pull } from '../../fixtures/pulling.ts';
import { serving } from '../../fixtures/serving.ts';

const files = { 'a.bin': sampleBytes(700_000), 'sub/b.bin': 'bbb', 'sub/c.bin': 'bbb', 'empty.txt': '' };

let mirror: FixtureMirror;
let into: string;

beforeEach(async () => {
  mirror = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'old' } },
    { collection: 'weights', version: '1.1.0', files, aliases: { 'sub/b.bin': ['b-before'] } },
  ]);
  into = join(await temporaryFolder(), 'made/by/pull');
});

const fromFolder = () => ({ reader: readerOf(mirror.root) });

function states(report: PullReport): Record<string, string> {
  return Object.fromEntries(report.files.map(({ file, state }) => [file, state]));
}

async function expectAll(): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    expect((await readFile(join(into, file))).equals(Buffer.from(content))).toBe(true);
  }
}

describe.each(['a folder', 'a web server'])('pulling from %s', (kind) => {
  const from = async () => (kind === 'a folder' ? fromFolder() : { reader: httpMirror(await serving(mirror.root)) });

  test('puts every file in its place, and fetches nothing the second time', async () => {
    const options = await from();
    const first = await pull('weights', into, options);
    expect(first).toMatchObject({ ok: true, release: 'weights@1.1.0', bytesFetched: 700_006 });
    expect(new Set(Object.values(states(first)))).toEqual(new Set(['fetched']));
    await expectAll();
    const second = await pull('weights', into, options);
    expect(second).toMatchObject({ ok: true, bytesFetched: 0 });
    expect(new Set(Object.values(states(second)))).toEqual(new Set(['present']));
    expect((await readdir(into)).sort()).toEqual(['.weighbridge', 'a.bin', 'empty.txt', 'sub']);
    expect(await readdir(join(into, '.weighbridge/partial'))).toEqual([]);
  });

  test('replaces what is wrong and leaves alone what is right or not its own', async () => {
    await mkdir(join(into, 'sub'), { recursive: true });
    await writeFile(join(into, 'a.bin'), sampleBytes(700_000, 'other'));
    await writeFile(join(into, 'sub/b.bin'), 'bbb');
    await writeFile(join(into, 'sub/c.bin'), 'cc');
    await writeFile(join(into, 'sub/own.txt'), 'mine');
    const before = await stat(join(into, 'sub/b.bin'));
    const report = await pull('weights', into, await from());
    expect(states(report)).toEqual({
      'a.bin': 'fetched',
      'empty.txt': 'fetched',
      'sub/b.bin': 'present',
      'sub/c.bin': 'fetched',
    });
    await expectAll();
    expect((await stat(join(into, 'sub/b.bin'))).ino).toBe(before.ino);
    expect(await readFile(join(into, 'sub/own.txt'), 'utf8')).toBe('mine');
  });
});

test('files are chosen by id, alias or name, exactly', async () => {
  const chosen = async (...names: string[]) => states(await pull('weights', into, { ...fromFolder(), names }));
  expect(await chosen('a.bin')).toEqual({ 'a.bin': 'fetched' });
  expect(await chosen('sub-b.bin', 'sub/b.bin', 'b-before')).toEqual({ 'sub/b.bin': 'fetched' });
  for (const wrong of ['a', '', 'A.BIN', 'b.bin']) {
    await expect(chosen(wrong)).rejects.toMatchObject({ name: 'NotFound', exit: 5 });
  }
  await expect(chosen('a.bun')).rejects.toThrow('weights@1.1.0 has no "a.bun"; did you mean a.bin?');
});

test('versions lie side by side in a cache', async () => {
  const cache = { ...fromFolder(), layout: 'cache' } as const;
  const [old, latest] = [await pull('weights@1.0.0', into, cache), await pull('weights', into, cache)];
  expect(old.files[0]?.path).toBe(join(into, 'weights/1.0.0/a.bin'));
  expect(latest.files[0]?.path).toBe(join(into, 'weights/1.1.0/a.bin'));
  expect(await readFile(join(into, 'weights/1.0.0/a.bin'), 'utf8')).toBe('old');
});

test('a Git LFS pointer is told from weights, and replaced', async () => {
  await mkdir(into, { recursive: true });
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 700000\n';
  await writeFile(join(into, 'a.bin'), pointer);
  const options = { ...fromFolder(), names: ['a.bin'] };
  expect(states(await pull('weights', into, { ...options, check: true }))).toEqual({ 'a.bin': 'pointer' });
  expect(states(await pull('weights', into, options))).toEqual({ 'a.bin': 'fetched' });
});

test('a check says what each file is and changes nothing', async () => {
  await mkdir(join(into, 'sub'), { recursive: true });
  await writeFile(join(into, 'a.bin'), sampleBytes(700_000, 'other'));
  await writeFile(join(into, 'sub/b.bin'), 'bbb');
  await writeFile(join(into, 'sub/c.bin'), 'cc');
  const report = await pull('weights', into, { ...fromFolder(), check: true });
  expect(report.ok).toBe(false);
  expect(states(report)).toEqual({
    'a.bin': 'digest',
    'empty.txt': 'missing',
    'sub/b.bin': 'valid',
    'sub/c.bin': 'size',
  });
  expect((await readdir(into, { recursive: true })).sort()).toEqual(['a.bin', 'sub', 'sub/b.bin', 'sub/c.bin']);
});

test('a missing optional file does not make a check fail, unless it was named', async () => {
  const { root } = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'a', 'extra.bin': 'x' }, optional: ['extra.bin'] },
  ]);
  const options = { reader: readerOf(root) };
  await pull('weights', into, { ...options, names: ['a.bin'] });
  expect((await pull('weights', into, { ...options, check: true })).ok).toBe(true);
  expect((await pull('weights', into, { ...options, check: true, names: ['extra.bin'] })).ok).toBe(false);
});

test('an optional file that was never published is named with its reason', async () => {
  const missing = [{ id: 'extra', file: 'extra.bin', reason: 'HTTP 404' }];
  const { root } = await layOutMirror([{ collection: 'weights', version: '1.0.0', files: { 'a.bin': 'a' }, missing }]);
  await expect(pull('weights', into, { reader: readerOf(root), names: ['extra'] })).rejects.toThrow(
    'weights@1.0.0 was published without its optional extra.bin: HTTP 404',
  );
});

test('force fetches again what is right already', async () => {
  await pull('weights', into, fromFolder());
  const again = await pull('weights', into, { ...fromFolder(), force: true });
  expect(again.bytesFetched).toBe(700_006);
  await expectAll();
});

describe('without a mirror', () => {
  test('what was pulled before is proven against the record that was kept', async () => {
    await pull('weights', into, fromFolder());
    expect(await pull('weights', into, {})).toMatchObject({ ok: true, from: null, release: 'weights@1.1.0' });
    expect(await pull('weights@1.1.0', into, {})).toMatchObject({ ok: true });
    await writeFile(join(into, 'sub/b.bin'), 'xxx');
    const spoilt = await pull('weights', into, {});
    expect(spoilt.ok).toBe(false);
    expect(states(spoilt)['sub/b.bin']).toBe('digest');
  });

  test('what was never pulled is not there', async () => {
    await expect(pull('weights', into, {})).rejects.toMatchObject({ name: 'NotFound', exit: 5 });
    await pull('weights@1.0.0', into, fromFolder());
    await expect(pull('weights@1.1.0', into, {})).rejects.toThrow('weights@1.1.0 was never pulled into this folder');
    await expect(pull('weights', into, {})).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('an edited record is not believed', async () => {
    await pull('weights', into, fromFolder());
    const record = join(into, '.weighbridge/releases/weights/1.1.0.json');
    const text = await readFile(record, 'utf8');
    await writeFile(record, text.replaceAll('sub/b.bin', '../b.bin'));
    await expect(pull('weights', into, {})).rejects.toMatchObject({ name: 'MirrorDamaged' });
    await writeFile(record, text.replace('"size":3', '"size":4'));
    await expect(pull('weights', into, {})).rejects.toMatchObject({ name: 'MirrorDamaged' });
  });

  test('a moved folder proves itself', async () => {
    await pull('weights', into, fromFolder());
    await rm(mirror.root, { recursive: true });
    expect(await pull('weights', into, {})).toMatchObject({ ok: true });
  });
});

describe('a hostile folder', () => {
  test('a link to another folder is not followed when writing', async () => {
    const elsewhere = await temporaryFolder();
    await mkdir(into, { recursive: true });
    await symlink(elsewhere, join(into, 'sub'));
    const report = await pull('weights', into, fromFolder());
    expect(report.ok).toBe(false);
    expect(report.files.find(({ file }) => file === 'sub/b.bin')?.reason).toContain('leads out of the folder');
    expect(states(report)['a.bin']).toBe('fetched');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('a link in the place of a file is replaced, not written through', async () => {
    const elsewhere = join(await temporaryFolder(), 'precious.txt');
    await writeFile(elsewhere, 'precious');
    await mkdir(into, { recursive: true });
    await symlink(elsewhere, join(into, 'a.bin'));
    expect((await pull('weights', into, fromFolder())).ok).toBe(true);
    expect(await readFile(elsewhere, 'utf8')).toBe('precious');
    await expectAll();
  });

  test('a private folder that is a link is refused', async () => {
    const elsewhere = await temporaryFolder();
    await mkdir(into, { recursive: true });
    await symlink(elsewhere, join(into, '.weighbridge'));
    await expect(pull('weights', into, fromFolder())).rejects.toMatchObject({ name: 'Refused' });
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('a folder or a file in the way fails that file alone', async () => {
    await mkdir(join(into, 'a.bin/x'), { recursive: true });
    await writeFile(join(into, 'sub'), 'a file');
    const report = await pull('weights', into, fromFolder());
    expect(states(report)).toMatchObject({ 'a.bin': 'failed', 'empty.txt': 'fetched', 'sub/b.bin': 'failed' });
    expect(await readFile(join(into, 'sub'), 'utf8')).toBe('a file');
  });
});

test('a pulled folder passes where the root itself is reached through a link', async () => {
  const real = await temporaryFolder();
  const linked = join(await temporaryFolder(), 'link');
  await symlink(real, linked);
  expect((await pull('weights', linked, fromFolder())).ok).toBe(true);
  expect((await readFile(join(real, 'sub/b.bin'))).toString()).toBe('bbb');
});
