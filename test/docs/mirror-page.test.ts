import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../lib/contract/exit-codes.ts';
import { registrySchema, releaseArtifactSchema, releaseSchema } from '../../lib/core/registry/records.ts';
import { type ProgramResult, runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { hasProgram } from '../support/has-program.ts';
import { codeBlocks } from './markdown.ts';

const page = readFileSync(join(root, 'docs/mirror.md'), 'utf8');
const blocks = codeBlocks(page);
const hasPython = hasProgram('python3', ['-c', 'import hashlib; hashlib.file_digest']);

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weighbridge-docs-'));
  mkdirSync(join(folder, 'weights'));
  writeFileSync(join(folder, 'weights/model.bin'), 'weights'.repeat(1000));
  writeFileSync(join(folder, 'weights/zürich.json'), '{}\n');
  const { code, stderr } = await weighbridge('publish', 'weights', 'my-model@1.0.0');
  expect(code, stderr).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function weighbridge(...argv: string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [join(root, 'bin/weighbridge.js'), ...argv], { cwd: folder });
}

describe('docs/mirror.md', () => {
  it('shows records as they are, with every member', () => {
    const [registry, release] = blocks
      .filter(({ language }) => language === 'json')
      .map(({ text }) => JSON.parse(text));
    expect(registrySchema.parse(registry)).toEqual(registry);
    expect(releaseSchema.parse(release)).toEqual(release);
    // What is there only where a manifest has it is in the table.
    const optional = ['metadata'];
    const members = (schema: { readonly shape: object }) =>
      Object.keys(schema.shape).filter((name) => !optional.includes(name));
    expect(Object.keys(release).sort()).toEqual(members(releaseSchema).sort());
    expect(Object.keys(release.artifacts[0]).sort()).toEqual(members(releaseArtifactSchema).sort());
    for (const name of optional) expect(page).toContain(`| \`${name}\``);
  });

  it('lists every exit code', () => {
    for (const code of Object.values(exitCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} \\| `, 'm'));
  });

  it.skipIf(!hasPython)('has a Python program that proves a mirror, and notices one changed byte', async () => {
    const program = blocks.find(({ language }) => language === 'python')?.text ?? '';
    const prove = () => runProgram('python3', ['-c', program, 'mirror', 'my-model', '1.0.0'], { cwd: folder });
    expect(await prove()).toMatchObject({ code: 0, stdout: '2 files proven\n' });
    const file = join(folder, 'mirror/my-model/1.0.0/model.bin');
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.from(bytes).fill('W', 100, 101));
    expect((await prove()).code).toBe(1);
    writeFileSync(file, bytes);
    expect((await prove()).code).toBe(0);
  });

  it('names every member that commands print with --json', async () => {
    const manifest = '.weighbridge/manifests/my-model-1.0.0.yaml';
    const copied = 'weights/again.yaml';
    writeFileSync(join(folder, copied), readFileSync(join(folder, manifest)));
    const described = page.slice(page.indexOf('## JSON of the commands'));
    for (const argv of [
      ['validate', copied],
      ['lock', '--check', copied],
      ['plan', copied],
      ['stage', copied],
      ['ls'],
      ['ls', 'my-model'],
      ['verify'],
      ['pull', 'my-model', '--into', 'pulled'],
      ['init', 'repository'],
      ['new', 'next@1.0.0', 'weights'],
    ]) {
      const { code, stdout, stderr } = await weighbridge(...argv, '--json');
      expect(code, argv.join(' ') + stderr).toBe(0);
      for (const name of memberNames(JSON.parse(stdout))) {
        expect(described, `${argv.join(' ')}: ${name}`).toMatch(new RegExp(`[{\\s,\`]${name}[},:?\`\\s]`));
      }
    }
  }, 300_000);
});

/** Names of members of a document and of what is in its lists; records have their own section. */
function memberNames(document: Record<string, unknown>): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const inner = Array.isArray(value) && typeof value[0] === 'object' ? Object.keys(value[0]) : [];
    return [name, ...inner];
  });
}
