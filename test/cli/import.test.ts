import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { genericKinds, otherKinds } from '../../lib/cli/importing/import-help.ts';
import { importers } from '../../lib/core/import/importers.ts';
import { runMain } from './run-main.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-import-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const sha256 = (bytes: string) => createHash('sha256').update(bytes).digest('hex');
const read = (path: string) => readFile(join(cwd, path), 'utf8');
const named = ['--name', 'collection=m', '--name', 'version=1.0.0'];
async function write(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(cwd, file)), { recursive: true });
  await writeFile(join(cwd, file), content);
}
async function run(...argv: string[]) {
  return await runMain(['import', ...argv], { cwd });
}
async function runJson(...argv: string[]) {
  const { code, stdout } = await run(...argv, '--json');
  return { code, ...JSON.parse(stdout) };
}
const pointer = (oid: string, size: number) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
const said = (findings: readonly { kind: string; subject: string }[]) =>
  findings.map(({ kind, subject }) => `${kind} ${subject}`);

describe('the kinds of import', () => {
  it('are in the help as they are: those of nobody in particular with what they read, the others by name', async () => {
    const generic = importers.filter((importer) => importer.generic);
    expect(Object.entries(genericKinds)).toEqual(generic.map(({ kind, summary }) => [kind, summary]));
    const others = importers.filter((importer) => !importer.generic).map(({ kind }) => kind);
    expect([...otherKinds].sort()).toEqual([...others].sort());
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const kind of Object.keys(genericKinds)) expect(stdout).toMatch(new RegExp(`^  ${kind} {2,}`, 'm'));
    expect((await runMain(['--help'], { cwd })).stdout).not.toMatch(/stemsep|falconeye/i);
  });

  it.each([
    [['sha256sum', 'x'], '"sha256sum" is no kind that can be imported', 'Did you mean sha256sums?'],
    [['__proto__', 'x'], 'is no kind', ''],
    [['something-else', 'x'], 'is no kind', 'There are directory, '],
    [['pooch', 'nowhere.txt'], 'nowhere.txt cannot be read: there is no such file', ''],
    [
      ['pooch', 'x', '--name', 'base_url=y', '--name', 'version'],
      'did you mean base-url?; "version" has no value',
      'pooch knows',
    ],
    [['pooch', 'x', '--name', 'version=1', '--name', 'version=2'], '"version" is given twice', ''],
    [['github-release', 'https://github.com/o/r'], 'not a release', 'github://owner/repo@tag'],
    [['huggingface', 'owner/repo'], 'write hf://', ''],
    [['bucket', 'file:x'], 'not a bucket', ''],
    [['directory', 'nowhere'], 'nowhere cannot be read', ''],
  ])('are refused with the reason: %j', async (argv, message, hint) => {
    const { code, stderr } = await run(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('import directory', () => {
  it('FE-10 takes exact sizes and digests, and addresses by a template; edits by hand stay when it is done again', async () => {
    await write('weights/a.pt', 'weights of a');
    await write('weights/deep/b c.pt', 'weights of b');
    const argv = ['directory', 'weights', '-o', 'm.yaml', ...named];
    const base = ['--name', 'base-url=https://example.org/{collection}/v{version}/{file}'];
    expect(await run(...argv, ...base)).toMatchObject({ code: 0, stdout: 'm.yaml: 2 artifacts, 2 new\n' });
    const text = await read('m.yaml');
    expect(text).toContain(`    source: https://example.org/m/v1.0.0/deep/b%20c.pt
    sha256: ${sha256('weights of b')}
    size: 12
    digestFrom: computed
`);
    const { mtimeMs } = await stat(join(cwd, 'm.yaml'));
    expect(await run(...argv, ...base)).toMatchObject({ code: 0, stdout: 'm.yaml: 2 artifacts, unchanged\n' });
    expect((await stat(join(cwd, 'm.yaml'))).mtimeMs).toBe(mtimeMs);

    const byHand = text.replace('https://example.org/m/v1.0.0/a.pt', 'https://mirror.example.org/a.pt # nearer');
    await write('m.yaml', `\ufeff${byHand}`);
    await write('weights/c.pt', 'weights of c');
    await rm(join(cwd, 'weights/deep'), { recursive: true });
    const again = await runJson(...argv, ...base);
    expect(again).toMatchObject({ code: 0, ok: true, manifests: [{ manifest: 'm.yaml', artifacts: 3, added: 1 }] });
    expect(said(again.findings)).toEqual(['kept a', 'kept b c'.replace(' c', '-c')]);
    expect(await read('m.yaml')).toMatch(/^\ufeff/);
    expect((await read('m.yaml')).startsWith(`\ufeff${byHand}  - id: c\n`)).toBe(true);
  });

  it('FE-2 takes what a Git LFS pointer says of the file, and never the digest of the pointer itself', async () => {
    const oid = sha256('the weights');
    await write('w/p.pt', pointer(oid, 11));
    await write('w/q.pt', pointer('no digest', 1));
    await write('w/empty.pt', '');
    await write('w/a.pt', 'weights');
    const made = await runJson('directory', 'w', ...named);
    expect(said(made.findings)).toEqual(['not-taken empty.pt', 'not-taken q.pt', 'absent-source p.pt']);
    const text = await read('m-1.0.0.yaml');
    expect(text).toContain(`    sources: []\n    sha256: ${oid}\n    size: 11\n`);
    expect(text).toContain('    source: file:w/a.pt\n');
    expect(text).not.toContain(sha256(pointer(oid, 11)));
    expect(await runMain(['validate', 'm-1.0.0.yaml'], { cwd })).toMatchObject({ code: 0 });
  });

  it('says which addresses nobody filled in, also by texts of weighbridge.yaml', async () => {
    await write('w/a.pt', 'weights');
    await write('weighbridge.yaml', 'placeholders: [example.invalid]\n');
    for (const base of ['https://github.com/YOUR_USERNAME/r/{name}', 'https://example.invalid/']) {
      const made = await runJson('directory', 'w', '-o', 'm.yaml', ...named, '--name', `base-url=${base}`);
      expect(said(made.findings)).toContain('placeholder a.pt');
    }
  });

  it('goes from a folder to a release without an edit', async () => {
    await write('w/a.bin', 'weights');
    await run('directory', 'w', ...named);
    const staged = await runMain(['stage', 'm-1.0.0.yaml', '--to', 'file:./mirror'], { cwd });
    expect(staged).toMatchObject({ code: 0 });
  });
});

describe('import sha256sums', () => {
  it('reads both forms, with sources and sizes of the files that lie beside it', async () => {
    const names = ['a.bin', 'sub/b.bin', 'new\nline'];
    await write('w/a.bin', 'a');
    await write('w/sub/b.bin', 'bb');
    const [one, two, three] = names.map(sha256);
    await write(
      'w/SHA256SUMS',
      `\ufeff# made by hand\r\n${one} *./a.bin\r\nSHA256 (sub/b.bin) = ${two}\r\n\\${three}  new\\nline\r\n`,
    );
    const made = await runJson('sha256sums', 'w/SHA256SUMS', ...named);
    expect(made).toMatchObject({ code: 0, figures: { lines: 3, files: 3 } });
    expect(said(made.findings)).toContain('not-taken new-line');
    const text = await read('w/m-1.0.0.yaml');
    expect(text).toContain(`    file: a.bin\n    source: file:a.bin\n    sha256: ${one}\n    size: 1\n`);
    expect(text).toContain(`    file: sub/b.bin\n    source: file:sub/b.bin\n    sha256: ${two}\n    size: 2\n`);
  });

  it('chooses neither of two digests of one name, and takes none of another algorithm', async () => {
    const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
    const lines = [
      `${sha256('1')}  a`,
      `${sha256('2')}  a`,
      `${sha256('1')}  a`,
      `${sha256('3')}  b`,
      `${sha256('3')}  b`,
      `${md5}  c`,
    ];
    await write('SUMS', lines.join('\n'));
    const made = await runJson('sha256sums', 'SUMS', ...named, '--name', 'base-url=s3://bucket/x');
    expect(said(made.findings)).toEqual([
      ...['conflict a', 'conflict a', 'not-taken c', 'missing-digest a', 'missing-size a', 'missing-size b'],
      ...['missing-digest c', 'missing-size c'],
    ]);
    const text = await read('manifests/m/1.0.0.yaml');
    expect(text.match(/^ +sha256:/gm)).toHaveLength(1);
    expect(text).toContain('source: s3://bucket/x/c\n');
  });

  it('has the digest of no pointer: where a list was made of a checkout without LFS, it says so', async () => {
    const text = pointer(sha256('true'), 4);
    await write('p.pt', text);
    await write('q.pt', text);
    await write('SUMS', `${sha256(text)}  p.pt\n${sha256('true')}  q.pt\n`);
    const made = await runJson('sha256sums', 'SUMS', ...named, '-o', 'm.yaml');
    expect(said(made.findings)).toContain('conflict p.pt');
    expect(await read('m.yaml')).not.toContain(sha256(text));
    expect(await read('m.yaml')).toContain(`    sha256: ${sha256('true')}\n    size: 4\n`);
  });

  it('takes 25,000 names and more, hostile ones among them, and looks at nothing outside', async () => {
    await write('outside.bin', 'x');
    const hostile = [
      '../outside.bin',
      '/etc/passwd',
      'C:\\x',
      'a/../../x',
      '__proto__',
      'nul',
      'x\u202ey',
      'N1.BIN',
      'n2.bin/x',
      'toString',
    ];
    const many = Array.from({ length: 24_990 }, (_, at) => `n${at}.bin`);
    const lines = [...hostile, ...many].map((name) => `${sha256(name)}  ${name}`);
    await write('in/SUMS', [...lines, 'x'.repeat(1_000_000), `${sha256('')}  ${'y/'.repeat(9000)}`].join('\n'));
    const made = await runJson('sha256sums', 'in/SUMS', ...named, '-o', 'm.yaml');
    expect(made).toMatchObject({ code: 0, manifests: [{ artifacts: 24_991 }] });
    const refused = new Set(
      made.findings.flatMap((each: { kind: string; subject: string }) =>
        each.kind === 'not-taken' ? [each.subject] : [],
      ),
    );
    expect(refused.size).toBe(11);
    expect(await read('m.yaml')).not.toContain('outside');
  });

  it.each([
    ['no list', 'hello world\nthis is text\n', 'no line has a digest and a name'],
    ['UTF-16', Buffer.from('\ufeffabc', 'utf16le'), 'the file is UTF-16; save it as UTF-8'],
    ['binary', Buffer.from([0, 1, 2, 0xff]), 'the file'],
    ['nothing', '', 'no line has a digest'],
  ])('exits 2 for what is no such file: %s', async (_, content, message) => {
    await write('SUMS', content);
    const { code, stderr } = await run('sha256sums', 'SUMS', ...named);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(await readdir(cwd)).toEqual(['SUMS']);
  });
});

describe('import pooch', () => {
  it('reads names, hashes and URLs as Pooch does', async () => {
    const registry = [
      '# a comment',
      `"two words.bin" ${sha256('1').toUpperCase()}`,
      `b.bin sha256:${sha256('2')} https://elsewhere.example.org/b`,
      'c.bin md5:d41d8cd98f00b204e9800998ecf8427e',
      `d.bin ${sha256('4')} https://example.org/d?X-Amz-Signature=sealed`,
      `e.bin ${sha256('5')} one two`,
    ];
    await write('registry.txt', registry.join('\n'));
    const made = await runJson('pooch', 'registry.txt', ...named, '--name', 'base-url=https://example.org/{version}/');
    expect(made).toMatchObject({ code: 0, figures: { files: 4 } });
    expect(said(made.findings)).toEqual(
      expect.arrayContaining(['not-taken line 6', 'not-taken c.bin', 'signed-url d.bin']),
    );
    const text = await read('manifests/m/1.0.0.yaml');
    expect(text).toContain(`source: https://example.org/1.0.0/two%20words.bin\n    sha256: ${sha256('1')}\n`);
    expect(text).toContain('source: https://elsewhere.example.org/b\n');
    expect(text).toContain('source: https://example.org/1.0.0/d.bin\n');
    expect(JSON.stringify(made) + text).not.toContain('sealed');
  });
});

describe('the report of import', () => {
  it('groups findings for people, and gives no credential and no control character away', async () => {
    const lines = Array.from({ length: 20 }, (_, at) => `${sha256(String(at))}  f${at}`);
    await write('SUMS', [...lines, 'https://u:sealed@example.org/?sig=sealed \u001b[31m'].join('\n'));
    const { code, stderr, stdout } = await run('sha256sums', 'SUMS', ...named);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'manifests/m/1.0.0.yaml: 20 artifacts, 20 new\n' });
    expect(stderr).toContain('absent-source (20): without a source\n');
    expect(stderr).toContain('and 8 more (--json names all): nowhere to get it from\n');
    expect(stderr).not.toContain('sealed');
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toContain('next: weighbridge lock manifests/m/1.0.0.yaml');
  });

  it('is one document also when nothing is left, and then nothing is written', async () => {
    await write('SUMS', `${sha256('')}  ../x\n`);
    const made = await runJson('sha256sums', 'SUMS', ...named);
    expect(made).toMatchObject({ code: 2, ok: false, manifests: [] });
    expect(await readdir(cwd)).toEqual(['SUMS']);
  });

  it('leaves a file alone that is no manifest, or another one', async () => {
    await write('SUMS', `${sha256('')}  x\n`);
    await write('m.yaml', 'mine: yes\n');
    expect(await run('sha256sums', 'SUMS', ...named, '-o', 'm.yaml')).toMatchObject({ code: 2 });
    expect(await read('m.yaml')).toBe('mine: yes\n');
    await run('sha256sums', 'SUMS', ...named, '-o', 'n.yaml');
    const other = await run('sha256sums', 'SUMS', '--name', 'version=2.0.0', '-o', 'n.yaml');
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('has version 1.0.0, not 2.0.0') });
  });
});
