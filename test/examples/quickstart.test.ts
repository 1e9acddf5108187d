import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-quickstart-'));
});
afterAll(async () => {
  await rm(cwd, { recursive: true });
});

async function quickstart(): Promise<{ code: number; stdout: string }> {
  const program = join(import.meta.dirname, '../../examples/quickstart.ts');
  const child = spawn(process.execPath, [program], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  const [code] = await once(child, 'close');
  return { code, stdout };
}

it('the quickstart publishes, proves and pulls a release, and shows the commands that do it', async () => {
  const { code, stdout } = await quickstart();
  expect(code).toBe(0);
  const commands = [...stdout.matchAll(/^\$ weighbridge (\w+)/gm)].map(([, name]) => name);
  expect(commands).toEqual(['validate', 'lock', 'plan', 'stage', 'ls', 'ls', 'verify', 'pull']);
  expect(stdout).toContain('model.safetensors: OK');
  const pulled = await readFile(join(cwd, 'quickstart/weights/labels.json'), 'utf8');
  expect(JSON.parse(pulled)).toEqual(['person', 'bicycle', 'car']);
});

it('run again, it fetches nothing', async () => {
  const { code, stdout } = await quickstart();
  expect(code).toBe(0);
  expect(stdout).toContain('there is nothing to do');
  expect(stdout).toContain('0 B fetched');
});
