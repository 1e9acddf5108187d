import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSource } from '../../../lib/core/sources/file-source.ts';
import type { FileRef } from '../../../lib/core/sources/source-ref.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';
import { expectationOf, failure, readAll } from './source-fixture.ts';

const bytes = generateBytes('file', 3_000_000);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-source-'));
  await mkdir(join(folder, 'manifests', 'weights'), { recursive: true });
  await writeFile(join(folder, 'manifests', 'weights', 'a.ckpt'), bytes);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function open(path: string, expected = {}): FileSource {
  const ref: FileRef = { scheme: 'file', uri: `file:${path}`, path };
  const expect = { kind: 'checkpoint', file: 'a.ckpt', size: undefined, sha256: undefined, ...expected };
  return new FileSource(ref, join(folder, 'manifests'), expect);
}

describe('a file below the manifest', () => {
  it('is read in any ranges, at no cost to read again', async () => {
    const source = await open('weights/a.ckpt', expectationOf(bytes)).resolve();
    expect(source).toMatchObject({
      ranges: true,
      cheapToReread: true,
      description: { source: 'file:weights/a.ckpt', size: 3_000_000 },
    });
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect((await readAll(source, { start: 999, end: 2_000_001 })).equals(bytes.subarray(999, 2_000_001))).toBe(true);
  });

  it('takes the memory of one piece, however long it is', async () => {
    const source = await open('weights/a.ckpt').resolve();
    const memory = new Set<unknown>();
    for await (const piece of source.read(undefined, new AbortController().signal)) memory.add(piece.buffer);
    expect(memory.size).toBe(1);
  });

  it('that is written to or replaced after it was resolved has changed', async () => {
    const path = join(folder, 'manifests', 'weights', 'a.ckpt');
    const first = await open('weights/a.ckpt').resolve();
    await writeFile(`${path}.new`, bytes);
    await rename(`${path}.new`, path);
    expect(await failure(readAll(first))).toMatchObject({ outcome: 'changed' });
    const second = await open('weights/a.ckpt').resolve();
    const reading = second.read(undefined, new AbortController().signal)[Symbol.asyncIterator]();
    await reading.next();
    await appendFile(path, 'more');
    const rest = async () => {
      for (let turn = 0; turn < 100; turn += 1) if ((await reading.next()).done) return;
    };
    expect(await failure(rest())).toMatchObject({ outcome: 'changed' });
  });

  it.each([
    ['nothing', 'weights/none.ckpt', 'missing'],
    ['a folder', 'weights', 'missing'],
    ['a way out', '../outside.ckpt', 'forbidden'],
    ['a link to the outside', 'link.ckpt', 'forbidden'],
    ['a folder that links to the outside', 'linked/outside.ckpt', 'forbidden'],
    ['a pipe, without waiting for it', 'pipe', 'missing'],
  ])('that is %s is refused', async (_name, path, outcome) => {
    await writeFile(join(folder, 'outside.ckpt'), bytes);
    await symlink(join(folder, 'outside.ckpt'), join(folder, 'manifests', 'link.ckpt'));
    await symlink(folder, join(folder, 'manifests', 'linked'));
    execFileSync('mkfifo', [join(folder, 'manifests', 'pipe')]);
    const error = await failure(open(path).resolve());
    expect(error.outcome).toBe(outcome);
    expect(error.message).not.toContain(folder);
  });

  it('may be a link that stays inside', async () => {
    await symlink('weights/a.ckpt', join(folder, 'manifests', 'inside.ckpt'));
    expect((await open('inside.ckpt').resolve()).description.size).toBe(3_000_000);
  });

  it('that is a Git LFS pointer was never fetched', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 3000000\n`;
    await writeFile(join(folder, 'manifests', 'p.ckpt'), pointer);
    for (const expected of [{}, expectationOf(bytes)]) {
      expect(await failure(open('p.ckpt', expected).resolve())).toMatchObject({ outcome: 'wrong-content' });
    }
  });

  it('of another size is refused, and ends when it is told to', async () => {
    expect(await failure(open('weights/a.ckpt', { size: 5 }).resolve())).toMatchObject({ outcome: 'wrong-size' });
    const source = await open('weights/a.ckpt').resolve();
    const reason = new Error('stop');
    await expect(readAll(source, undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
