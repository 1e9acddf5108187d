import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commit, HubServer, sha256 } from '../core/lock/hub-server.ts';
import { runMain } from './run-main.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-new-'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const read = (path: string) => readFile(join(cwd, path), 'utf8');
const run = (...argv: string[]) => runMain(argv, { cwd });
async function write(...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(cwd, file)), { recursive: true });
    await writeFile(join(cwd, file), `content of ${file}`);
  }
}

describe('new, from files on this machine', () => {
  it('writes a manifest beside a folder, because its sources lie below it', async () => {
    await write('weights/model.safetensors', 'weights/config.json');
    const { code, stdout, stderr } = await run('new', 'my-model@1.0.0', './weights');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'my-model-1.0.0.yaml: 2 artifacts\n' });
    expect(stderr).toContain('note: access is public');
    expect(stderr).toContain('next: weighbridge lock my-model-1.0.0.yaml');
    expect(await read('my-model-1.0.0.yaml')).toBe(`weighbridge: 1
collection: my-model
version: 1.0.0
access: public # public or private, the whole release
# license: MIT # SPDX expression
artifacts:
  - id: config
    kind: config
    file: config.json
    source: file:weights/config.json
    size: 30
  - id: model
    kind: checkpoint
    file: model.safetensors
    source: file:weights/model.safetensors
    size: 36
`);
    expect(await run('validate', 'my-model-1.0.0.yaml')).toMatchObject({ code: 0 });
  });

  it('puts it where manifests are by convention when the files lie there', async () => {
    await write('manifests/my-model/files/a.bin');
    const { stdout } = await run('new', 'my-model@1.0.0', 'manifests/my-model/files', '--access', 'private');
    expect(stdout).toBe('manifests/my-model/1.0.0.yaml: 1 artifact\n');
    expect(await read('manifests/my-model/1.0.0.yaml')).toContain('access: private');
  });

  it('names the schema of the installed package', async () => {
    await write('manifests/m/files/a.bin', 'node_modules/weighbridge/schema/manifest.schema.json');
    await run('new', 'm@1.0.0', 'manifests/m/files');
    expect(await read('manifests/m/1.0.0.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/node_modules\/weighbridge\/schema\/manifest\.schema\.json\n/,
    );
  });

  it('takes the working folder itself, files one by one, and patterns', async () => {
    await write('a/x.bin', 'b/x.bin', 'b/notes.txt');
    expect((await run('new', 'all@1.0.0', '.')).stdout).toBe('all-1.0.0.yaml: 3 artifacts\n');
    expect((await run('new', 'some@1.0.0', 'a/x.bin', 'b/x.bin')).stdout).toBe('some-1.0.0.yaml: 2 artifacts\n');
    expect(await read('some-1.0.0.yaml')).toContain('- id: a-x.bin\n    kind: checkpoint\n    file: a/x.bin\n');
    expect((await run('new', 'glob@1.0.0', '**/*.txt')).stdout).toBe('glob-1.0.0.yaml: 1 artifact\n');
    expect(await read('glob-1.0.0.yaml')).toContain('file: b/notes.txt');
  });

  it('never overwrites a manifest', async () => {
    await write('weights/a.bin', 'm-1.0.0.yaml');
    const { code, stderr } = await run('new', 'm@1.0.0', 'weights');
    expect(code).toBe(2);
    expect(stderr).toContain('m-1.0.0.yaml is there already');
    expect(await read('m-1.0.0.yaml')).toBe('content of m-1.0.0.yaml');
  });

  it('says where the manifest has to be when --output is too far down', async () => {
    await write('weights/a.bin');
    const { code, stderr } = await run('new', 'm@1.0.0', 'weights', '-o', 'manifests/m.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('a.bin does not lie below the folder of the manifest');
    expect(stderr).toContain('put the manifest into a folder above the files');
  });

  it.each([
    [['m', 'weights'], 'not a release: m'],
    [['M@1.0.0', 'weights'], 'lower-case'],
    [['m@latest', 'weights'], '"latest" is reserved'],
    [['m@1.0.0'], 'nothing to make a manifest from'],
    [['m@1.0.0', 'nowhere'], 'nowhere: there is no such file or folder'],
    [['m@1.0.0', 'no/*.bin'], 'there is no folder no'],
    [['m@1.0.0', 'weights', '--from', 'x.yaml'], '--from takes everything from a manifest'],
    [['m@1.0.0', '--from', 'x.yaml'], 'x.yaml cannot be read'],
    [['m@1.0.0', 'weights', '--access', 'secret'], 'Expected public or private'],
    [['m@1.0.0', 'https://example.org/a.bin?X-Amz-Signature=abc'], 'a signed URL is a credential'],
    [['m@1.0.0', 'https://example.org/'], 'does not end in the name of a file'],
  ])('refuses %j and says why', async (argv, message) => {
    await write('weights/a.bin');
    const { code, stderr } = await run('new', ...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('abc');
  });
});

describe('new, from other sources', () => {
  it('takes single sources without asking them', async () => {
    const sources = ['https://example.org/w/model.onnx', 'github://acme/models@v1/config.json'];
    const { code, stdout } = await run('new', 'm@1.0.0', ...sources, '--license', 'MIT', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ manifest: 'manifests/m/1.0.0.yaml', artifacts: 2 });
    const text = await read('manifests/m/1.0.0.yaml');
    expect(text).toContain('license: MIT\n');
    for (const source of sources) expect(text).toContain(`source: ${source}\n`);
  });

  it('takes a folder of a Hugging Face repository, pinned to the commit, with the digests that it publishes', async () => {
    const hub = new HubServer();
    const endpoint = await hub.start();
    try {
      hub.repository.set('v1/model.bin', { bytes: Buffer.from('weights'), lfs: true });
      hub.repository.set('v1/config.json', { bytes: Buffer.from('{}'), lfs: false });
      hub.repository.set('README.md', { bytes: Buffer.from('#'), lfs: false });
      const variables = { HF_ENDPOINT: endpoint.origin };
      const made = await runMain(['new', 'tiny@1.0.0', 'hf://acme/tiny@main/v1'], { cwd, variables });
      expect(made).toMatchObject({ code: 0, stdout: 'manifests/tiny/1.0.0.yaml: 2 artifacts\n' });
      expect(await read('manifests/tiny/1.0.0.yaml')).toContain(`  - id: model
    kind: checkpoint
    file: model.bin
    source: hf://acme/tiny@${commit}/v1/model.bin
    sha256: ${sha256(Buffer.from('weights'))}
    size: 7
    digestFrom: upstream
`);
      const locked = await runMain(['lock', 'manifests/tiny/1.0.0.yaml'], { cwd, variables });
      expect(locked).toMatchObject({ code: 0, stdout: expect.stringContaining('config  sha256') });
      const missing = await runMain(['new', 'tiny@2.0.0', 'hf://acme/tiny@main/v2'], { cwd, variables });
      expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('no files below v2 at main') });
    } finally {
      await hub.stop();
    }
  });

  it("takes last version's manifest, and writes the next one beside it", async () => {
    await write('weights/a.bin');
    await run('new', 'm@1.0.0', 'weights', '-o', 'm.yaml');
    const next = await run('new', 'm@1.1.0', '--from', 'm.yaml');
    expect(next).toMatchObject({ code: 0, stdout: '1.1.0.yaml: 1 artifact\n' });
    expect(await read('1.1.0.yaml')).toBe(
      (await read('m.yaml')).replace('1.0.0', '1.1.0').replace(/ +size: \d+\n/, ''),
    );
    const same = await run('new', 'm@1.1.0', '--from', '1.1.0.yaml');
    expect(same).toMatchObject({ code: 2, stderr: expect.stringContaining('1.1.0.yaml is m@1.1.0 already') });
  });
});

describe('the manifests of this repository', () => {
  it('validate', async () => {
    const { code, stdout } = await runMain(
      ['validate', 'manifests/chemeleon2/0.0.1.yaml', 'manifests/tcn-vae/0.1.0.yaml'],
      { cwd: join(import.meta.dirname, '../..') },
    );
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('2 files: 2 valid') });
  });
});
