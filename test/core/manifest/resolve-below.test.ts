import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidFile } from '../../../lib/core/errors.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';
import { resolveBelow } from '../../../lib/core/manifest/resolve-below.ts';
import { SourceError } from '../../../lib/core/sources/source.ts';

describe('the file of a file: source', () => {
  let base: string;
  let directory: string;

  beforeEach(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), 'resolve-below-')));
    directory = join(base, 'manifests');
    await mkdir(join(directory, 'weights'), { recursive: true });
    await writeFile(join(directory, 'weights', 'vae.ckpt'), 'vae');
    await writeFile(join(base, 'secret.txt'), 'secret');
    await mkdir(join(base, 'manifests-too'));
    await writeFile(join(base, 'manifests-too', 'x'), 'x');
    await symlink('weights/vae.ckpt', join(directory, 'inner'));
    await symlink('../secret.txt', join(directory, 'outer'));
    await symlink(base, join(directory, 'up'));
    await symlink('inner', join(directory, 'chain'));
    await symlink('outer', join(directory, 'outer-chain'));
    await symlink('nowhere', join(directory, 'dangling'));
    await symlink('loop', join(directory, 'loop'));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  async function outcome(path: string, from = directory): Promise<string> {
    try {
      return await resolveBelow(from, path);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      expect(error.message).not.toContain(base);
      return error.outcome;
    }
  }

  it('is found below the directory, also through links that stay there', async () => {
    const real = join(directory, 'weights', 'vae.ckpt');
    for (const path of ['weights/vae.ckpt', 'inner', 'chain', './weights/../inner'])
      expect(await outcome(path), path).toBe(real);
  });

  it('is found when the directory itself is reached through a link', async () => {
    await symlink(directory, join(base, 'link'));
    expect(await outcome('weights/vae.ckpt', join(base, 'link'))).toBe(join(directory, 'weights', 'vae.ckpt'));
  });

  it('is forbidden outside, whatever the way', async () => {
    const ways = [
      '../secret.txt',
      'weights/../../secret.txt',
      '/etc/passwd',
      '../manifests-too/x',
      'outer',
      'outer-chain',
      'up/secret.txt',
      'up/manifests-too/x',
      '',
      '.',
      'a\0b',
    ];
    for (const path of ways) expect(await outcome(path), path).toBe('forbidden');
  });

  it('is missing when nothing is there, and broken when the way is', async () => {
    expect(await outcome('nothing')).toBe('missing');
    expect(await outcome('dangling')).toBe('missing');
    expect(await outcome('inner/below-a-file')).toBe('missing');
    expect(await outcome('loop')).toBe('broken');
  });

  it('is an error of the manifest already when a link leads outside', () => {
    const text = (source: string) =>
      `weighbridge: 1\ncollection: c\nversion: 1.0.0\naccess: public\nartifacts:\n  - { id: a, file: a, source: "${source}", sha256: ${'ab'.repeat(32)} }\n`;
    const parse = (source: string) => parseManifest(text(source), { file: 'm.yaml', directory });
    expect(parse('file:inner').problems).toEqual([]);
    expect(parse('file:not-there-yet').problems).toEqual([]);
    for (const source of ['file:outer', 'file:up/secret.txt', 'file:outer-chain']) {
      expect(() => parse(source), source).toThrow(InvalidFile);
    }
  });
});
