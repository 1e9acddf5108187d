import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installTarball, packProject } from './installed-package.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { root } from './source-files.ts';

let folder: string;
let repository: string;

/** Runs the installed program as its users do: through the link that npm made. */
function weighbridge(...argv: string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [join(repository, 'node_modules/.bin/weighbridge'), ...argv], {
    cwd: repository,
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-packed-'));
  repository = join(folder, 'models');
  const begun = await runProgram(process.execPath, [join(root, 'bin/weighbridge.js'), 'init', repository]);
  expect(begun).toMatchObject({ code: 0, stderr: '' });
  const installed = await installTarball(await packProject(join(folder, 'tarball')), repository);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds JavaScript, the schema and the licence, and neither sources nor tests', async () => {
    const home = join(repository, 'node_modules/weighbridge');
    const files = (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'bin/weighbridge.js',
        'dist/lib/cli/main.js',
        'schema/manifest.schema.json',
      ]),
    );
    expect(files.filter((file) => /\.ts$|(^|\/)(test|bench|tools|examples|\.ci)\//.test(file))).toEqual([]);
  });

  it('is installed without development dependencies', async () => {
    const packages = await readdir(join(repository, 'node_modules'));
    for (const name of ['vitest', 'typescript', 'node', '@biomejs']) expect(packages).not.toContain(name);
  });

  it('says its version and explains itself', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(await weighbridge('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await weighbridge('--help')).stdout).toContain('Exit codes:');
  });

  it('stages and verifies the example of init', async () => {
    const manifest = 'manifests/example/0.1.0.yaml';
    expect(await weighbridge('validate', manifest)).toMatchObject({ code: 0 });
    const staged = await weighbridge('stage', manifest, '--json');
    expect(staged, staged.stdout + staged.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(staged.stdout)).toMatchObject({ ok: true, state: 'published', collection: 'example' });
    expect(await weighbridge('verify')).toMatchObject({ code: 0 });
  });

  it('publishes a folder of weights, lists it and pulls it back, hashing on worker threads', async () => {
    const weights = Buffer.alloc(40 * 2 ** 20);
    for (let at = 0; at < weights.length; at += 4) weights.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
    await mkdir(join(repository, 'weights/sub'), { recursive: true });
    await writeFile(join(repository, 'weights/model.bin'), weights);
    await writeFile(join(repository, 'weights/sub/config.json'), '{"layers":12}\n');
    const published = await weighbridge('publish', './weights', 'my-model@1.0.0');
    expect(published, published.stdout + published.stderr).toMatchObject({ code: 0 });
    expect((await weighbridge('ls', 'my-model@1.0.0')).stdout).toContain('model.bin');
    const pulled = await weighbridge('pull', 'my-model', '--into', 'pulled', '--progress', 'none');
    expect(pulled, pulled.stdout + pulled.stderr).toMatchObject({ code: 0 });
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(await readFile(join(repository, 'pulled/model.bin')))).toBe(digest(weights));
    expect(await readFile(join(repository, 'pulled/sub/config.json'), 'utf8')).toBe('{"layers":12}\n');
  });
});
