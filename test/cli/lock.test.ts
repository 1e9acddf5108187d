import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../lib/cli/replace-file.ts';
import { runMain } from './run-main.ts';

const sha256 = 'a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447';
const manifest = (file: string, version = '1.0.0') =>
  `weighbridge: 1\ncollection: m\nversion: ${version}\naccess: public\nartifacts:\n  - id: w\n    kind: config\n    source: file:${file}\n`;
const locked = `${manifest('w.json')}    sha256: ${sha256}\n    size: 12\n    digestFrom: computed\n`;

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-lock-'));
  await writeFile(join(cwd, 'w.json'), 'hello world\n');
  await writeFile(join(cwd, 'm.yaml'), manifest('w.json'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const read = (path: string) => readFile(join(cwd, path), 'utf8');
const run = (...argv: string[]) => runMain(argv, { cwd });

describe('lock', () => {
  it('completes a manifest in place, keeping its mode, and leaves nothing else behind', async () => {
    await chmod(join(cwd, 'm.yaml'), 0o664);
    expect(await run('lock', 'm.yaml')).toMatchObject({
      code: 0,
      stdout: `  w  sha256 ${sha256.slice(0, 12)}…, size 12, as first downloaded\nm.yaml: 1 artifact completed\n`,
    });
    expect(await read('m.yaml')).toBe(locked);
    expect((await stat(join(cwd, 'm.yaml'))).mode & 0o777).toBe(0o664);
    expect((await readdir(cwd)).sort()).toEqual(['m.yaml', 'w.json']);
  });

  it('with --check writes nothing, and says by its exit code whether it would', async () => {
    expect(await run('lock', '--check', 'm.yaml')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('m.yaml: 1 artifact would be completed'),
    });
    expect(await read('m.yaml')).toBe(manifest('w.json'));
    await writeFile(join(cwd, 'm.yaml'), locked);
    expect(await run('lock', '--check', 'm.yaml')).toMatchObject({ code: 0, stdout: 'm.yaml: nothing to change\n' });
  });

  it('does not touch a file that needs nothing', async () => {
    await writeFile(join(cwd, 'm.yaml'), locked);
    const before = await stat(join(cwd, 'm.yaml'));
    await run('lock', 'm.yaml');
    const after = await stat(join(cwd, 'm.yaml'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('goes on with other manifests after one that fails, and ends with the highest code', async () => {
    await writeFile(join(cwd, 'gone.yaml'), manifest('gone.json', '2.0.0'));
    await writeFile(join(cwd, 'broken.yaml'), 'weighbridge: 2\n');
    const { code, stdout, stderr } = await run('lock', 'broken.yaml', 'gone.yaml', 'nowhere.yaml', 'm.yaml');
    expect(code).toBe(2);
    expect(stdout).toContain('gone.yaml: nothing changed, 1 error\n');
    expect(stdout).toContain('m.yaml: 1 artifact completed\n');
    expect(stderr).toContain(
      'gone.yaml:8:13: error: artifacts[0].source: w: not locked: file:gone.json does not exist',
    );
    expect(stderr).toContain('nowhere.yaml:1:1: error: cannot be read: there is no such file');
    expect(await read('m.yaml')).toBe(locked);
    expect((await run('lock', 'gone.yaml')).code).toBe(1);
  });

  it('says the same in one JSON document', async () => {
    const one = JSON.parse((await run('lock', 'm.yaml', '--json')).stdout);
    expect(one).toMatchObject({ manifest: 'm.yaml', ok: true, changed: true, problems: [] });
    expect(one.changes[0]).toEqual({ artifact: 'w', field: 'artifacts[0].sha256', to: sha256 });
    const two = JSON.parse((await run('lock', 'm.yaml', 'nowhere.yaml', '--json')).stdout);
    expect(two.manifests.map(({ ok }: { ok: boolean }) => ok)).toEqual([true, false]);
  });

  it('keeps a byte order mark, and a link a link', async () => {
    await writeFile(join(cwd, 'm.yaml'), `\ufeff${manifest('w.json')}`);
    await symlink('m.yaml', join(cwd, 'link.yaml'));
    expect((await run('lock', 'link.yaml')).code).toBe(0);
    expect(await read('m.yaml')).toBe(`\ufeff${locked}`);
    expect((await readdir(cwd)).sort()).toEqual(['link.yaml', 'm.yaml', 'w.json']);
  });
});

describe('replacing a file', () => {
  it('does not happen when somebody edited it meanwhile', async () => {
    const before = await readFile(join(cwd, 'm.yaml'));
    await writeFile(join(cwd, 'm.yaml'), 'edited');
    expect(await replaceFile(join(cwd, 'm.yaml'), before, 'new')).toBe(false);
    expect(await read('m.yaml')).toBe('edited');
    expect((await readdir(cwd)).sort()).toEqual(['m.yaml', 'w.json']);
  });
});
