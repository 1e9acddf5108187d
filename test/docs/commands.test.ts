import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProgramResult, runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { hasProgram } from '../support/has-program.ts';
import { codeBlocks } from './markdown.ts';

/** The ports that the pages name: the default of `serve`, and one for a second server. */
const writtenPorts = ['8040', '8041'];
const tools = ['bash', 'curl', 'wget', 'sha256sum', 'aria2c', 'python3', 'tar'];
const lacking = tools.filter((tool) => !hasProgram(tool));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weighbridge-docs-'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'bin/weighbridge.js'), join(folder, 'bin/weighbridge'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All `sh` blocks of a page as one script: what a block leaves behind, the next one finds. */
async function scriptOf(page: string): Promise<string> {
  const blocks = codeBlocks(readFileSync(join(root, page), 'utf8')).filter(({ language }) => language === 'sh');
  const steps = blocks.flatMap(({ text, line, remark }) => {
    if (remark?.startsWith('not run: ')) return [];
    const shown = `echo "== ${page}:${line}"`;
    return remark === 'in the background' ? [shown, inBackground(text)] : [shown, text];
  });
  let script = ['set -euo pipefail', ...steps].join('\n');
  for (const written of writtenPorts) script = script.replaceAll(written, String(await freePort()));
  return script;
}

/** Runs a server until the script ends, and waits until it answers: 200 looks, then the page is wrong. */
function inBackground(command: string): string {
  const port = writtenPorts.find((written) => command.includes(written)) ?? writtenPorts[0];
  const answers = command.includes('--private-store') ? 'v1/healthz' : 'registry.json';
  const url = `http://127.0.0.1:${port}/${answers}`;
  return [
    `${command} --port ${port} &`,
    "trap 'kill $(jobs -p); wait' EXIT",
    `for look in $(seq 200); do curl -fs -o /dev/null ${url} && break; sleep 0.1; done`,
  ].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function runPage(page: string): Promise<ProgramResult> {
  const cwd = join(folder, page.replaceAll('/', '-'));
  mkdirSync(cwd);
  const env = { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter), WEIGHBRIDGE_CACHE: join(cwd, 'cache') };
  return await runProgram('bash', ['-c', await scriptOf(page)], { cwd, env });
}

describe.skipIf(lacking.length > 0)('the commands of the pages', () => {
  it('of README.md do what it says', async () => {
    const { code, stdout, stderr } = await runPage('README.md');
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain('my-model@1.0.0 published in file:./mirror');
    expect(stdout).toContain('1 release verified');
    expect(stdout).toContain('2 of 2 files proven');
    expect(stdout).toContain('model.safetensors: OK\n');
    expect(stdout).toContain('my-model@1.1.0 verified');
    expect(stdout).toContain('our-model@1.0.0 verified');
    expect(stdout).toContain('by-token/model.safetensors: OK\n');
  }, 300_000);

  it('of docs/recipes.md do what it says', async () => {
    const { code, stdout, stderr } = await runPage('docs/recipes.md');
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    // By curl alone, as a whole, in the copy; private by header, by netrc and by URL. Other steps fail by themselves.
    expect(stdout.split('model.safetensors: OK\n').length - 1).toBe(6);
    expect(stdout).toContain('my-private@1.0.0: 2 of 2 files proven');
    expect(stdout).toContain('model.safetensors is right\n');
    expect(stdout + stderr).not.toMatch(/signature=|weighbridge_[\w-]{43}/);
    expect(stdout).toContain('file:./copied: 1 release verified');
    expect(stdout).toMatch(/^1\.0\.0$/m);
  }, 300_000);

  it('of docs/access.md do what it says', async () => {
    const { code, stdout, stderr } = await runPage('docs/access.md');
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain('falcon@2.1.0: 2 of 2 files proven');
    expect(stdout).toContain('model.safetensors: OK\n');
    expect(stdout).toMatch(/^\{"layers$/m);
    expect(stdout + stderr).not.toMatch(/signature=|weighbridge_[\w-]{43}/);
  }, 300_000);
});

describe.skipIf(lacking.length > 0)('the commands of docs/importing.md', () => {
  it('do what it says', async () => {
    const { code, stdout, stderr } = await runPage('docs/importing.md');
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain('models.yaml: 2 artifacts, 2 new\n');
    expect(stdout).toContain('models.yaml: 3 artifacts, 1 new\n');
    expect(stdout).toContain('my-vae@1.0.1 published in file:./mirror');
  }, 120_000);
});

describe('the blocks of the pages', () => {
  it('say why, where they are not run', () => {
    for (const page of ['README.md', 'docs/recipes.md', 'docs/access.md', 'docs/importing.md']) {
      const blocks = codeBlocks(readFileSync(join(root, page), 'utf8')).filter(({ language }) => language === 'sh');
      expect(blocks.length).toBeGreaterThan(3);
      for (const { remark, line } of blocks) {
        expect(remark ?? '', `${page}:${line}`).toMatch(/^(|in the background|not run: .+)$/);
      }
    }
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const page of ['README.md', 'CONTRIBUTING.md']) {
      const named = [...readFileSync(join(root, page), 'utf8').matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
      expect(named.length).toBeGreaterThan(2);
      for (const name of named) expect(Object.keys(scripts)).toContain(name);
    }
  });
});
