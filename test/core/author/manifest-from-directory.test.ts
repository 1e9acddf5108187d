import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DirectoryRequest, manifestFromDirectory } from '../../../lib/core/author/manifest-from-directory.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-author-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
}

async function manifest(more: Partial<DirectoryRequest> = {}) {
  const release = { collection: 'my-model', version: '1.0.0', access: 'public' } as const;
  const written = await manifestFromDirectory({ ...release, directory: folder, manifestDirectory: folder, ...more });
  const parsed = parseManifest(written.text, { file: 'm.yaml' });
  return { ...written, artifacts: parsed.manifest.artifacts, manifest: parsed.manifest };
}

describe('a manifest from a folder', () => {
  it('has every file below it, with an id, a kind and a source relative to the manifest', async () => {
    await write({ 'vae/model.safetensors': 'x', 'config.json': '{}', 'tokenizer.model': 't', 'notes 100%.txt': 'n' });
    const { artifacts } = await manifest({ manifestDirectory: dirname(folder), license: 'MIT OR Apache-2.0' });
    expect(artifacts.map(({ id, kind, file }) => [id, kind, file])).toEqual([
      ['config', 'config', 'config.json'],
      ['notes-100', 'metadata', 'notes 100%.txt'],
      ['tokenizer', 'tokenizer', 'tokenizer.model'],
      ['model', 'checkpoint', 'vae/model.safetensors'],
    ]);
    const paths = artifacts.map(({ sources: [source] }) => (source?.scheme === 'file' ? source.path : undefined));
    expect(paths).toEqual(artifacts.map(({ file }) => `${folder.split('/').at(-1)}/${file}`));
  });

  it('leaves out what is hidden, and names what is left out for another reason', async () => {
    await write({
      'weights.bin': 'w',
      '.git/config': 'g',
      'sub/.hidden/x.bin': 'h',
      'pointer.bin': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      'empty.bin': '',
      'old-0.9.0.yaml': '# comment\nweighbridge: 1\ncollection: old\n',
    });
    await symlink(process.execPath, join(folder, 'outside.bin'));
    await symlink('nowhere', join(folder, 'dangling.bin'));
    await symlink('weights.bin', join(folder, 'alias.bin'));
    const { artifacts, skipped } = await manifest();
    expect(artifacts.map(({ file }) => file)).toEqual(['alias.bin', 'weights.bin']);
    expect(skipped.map(({ file, reason }) => `${file} ${reason}`)).toEqual([
      'dangling.bin is a link that leads nowhere',
      'empty.bin is empty',
      'old-0.9.0.yaml is a manifest',
      'outside.bin is a link that leads outside of the folder',
      'pointer.bin is a Git LFS pointer, not the file itself; run "git lfs pull" first',
    ]);
  });

  it('takes patterns, also ones that take away', async () => {
    await write({ 'a.bin': 'a', 'b.txt': 'b', 'sub/c.bin': 'c', 'sub/d.bin': 'd' });
    const { artifacts } = await manifest({ globs: ['**/*.bin', '!sub/d.*'] });
    expect(artifacts.map(({ file }) => file)).toEqual(['a.bin', 'sub/c.bin']);
  });

  it('takes a single file', async () => {
    await write({ 'a.bin': 'a', 'b.bin': 'b' });
    const { artifacts } = await manifest({ directory: join(folder, 'b.bin') });
    expect(artifacts.map(({ file }) => file)).toEqual(['b.bin']);
  });

  it('says so when nothing is there, or when the files do not lie below the manifest', async () => {
    await write({ 'empty.bin': '', 'deep/x': 'x' });
    await expect(manifest({ globs: ['*.bin'] })).rejects.toThrow(/holds nothing that could be an artifact/);
    await expect(manifest({ manifestDirectory: join(folder, 'deep', 'deeper') })).rejects.toThrow(
      'deep/x does not lie below the folder of the manifest',
    );
  });

  it('says that a version which is no semver is a tag', async () => {
    await write({ 'a.bin': 'a' });
    expect((await manifest({ version: '2024' })).manifest).toMatchObject({ version: '2024', versioning: 'tag' });
  });
});
