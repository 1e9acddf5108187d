import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from './run-program.ts';
import { root } from './source-files.ts';

const pretendOld = { ...process.env, WEIGHBRIDGE_PRETEND_NODE: '20.11.1' };

describe('every script of package.json', () => {
  it('begins with the check of the Node version', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const bare = Object.entries(scripts).filter(([, script]) => !script.startsWith('node tools/node24.cjs && '));
    expect(bare).toEqual([]);
  });

  it('goes on with Node 24', async () => {
    const guard = await runProgram(process.execPath, [join(root, 'tools/node24.cjs')]);
    expect(guard).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('says in one line what to do on an older one', async () => {
    const guard = await runProgram(process.execPath, [join(root, 'tools/node24.cjs')], { env: pretendOld });
    expect(guard.code).toBe(1);
    expect(guard.stderr).toMatch(/^weighbridge: this is Node \S+ and the scripts need Node 24.*npm ci.*\n$/);
    expect(guard.stderr.split('\n')).toHaveLength(2);
  });
});

describe('weighbridge under an older Node', () => {
  let folder: string;
  let program: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weighbridge-node-'));
    const home = join(folder, 'node_modules/weighbridge');
    program = join(home, 'bin/weighbridge.js');
    await mkdir(join(home, 'bin'), { recursive: true });
    await mkdir(join(home, 'dist/lib/cli'), { recursive: true });
    await copyFile(join(root, 'bin/weighbridge.js'), program);
    await writeFile(join(home, 'package.json'), '{"type":"module"}');
    await writeFile(
      join(home, 'dist/lib/cli/main.js'),
      `export function runProcess() {
        const [task, ...rest] = process.argv.slice(2);
        if (task === 'exit') process.exitCode = Number(rest[0]);
        else if (task === 'die') process.kill(process.pid, 'SIGKILL');
        else if (task === 'wait') {
          process.on('SIGTERM', () => process.exit(7));
          setTimeout(() => {}, 60_000);
          console.log('waiting');
        } else console.log(JSON.stringify({ argv: process.argv.slice(2), pool: process.env.UV_THREADPOOL_SIZE }));
      }`,
    );
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Puts the running Node where the npm package `node` has its binary. */
  async function installNode(version: string): Promise<void> {
    const home = join(folder, 'node_modules/node');
    await mkdir(join(home, 'bin'), { recursive: true });
    await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'node', version }));
    await symlink(process.execPath, join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'));
  }

  it('says in one line what is wrong and what to do when no newer one is installed', async () => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [program, 'x'], { env: pretendOld });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^weighbridge: this is Node \S+, and Node 24 or newer is needed: .*install.*\n$/);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('does not take a package `node` that is too old as well', async () => {
    await installNode('22.1.0');
    expect((await runProgram(process.execPath, [program, 'x'], { env: pretendOld })).code).toBe(2);
  });

  it('runs itself with the Node of the package `node` beside it, arguments and exit code unchanged', async () => {
    await installNode('24.1.0');
    const echoed = await runProgram(process.execPath, [program, 'a b', '--x=1', ''], { env: pretendOld });
    expect(echoed.stderr).toBe('');
    expect(JSON.parse(echoed.stdout)).toEqual({ argv: ['a b', '--x=1', ''], pool: '16' });
    expect((await runProgram(process.execPath, [program, 'exit', '5'], { env: pretendOld })).code).toBe(5);
  });

  it('passes signals on, and dies by the one that ended its other self', async () => {
    await installNode('24.1.0');
    const killed = await runProgram(process.execPath, [program, 'die'], { env: pretendOld });
    expect(killed.signal).toBe('SIGKILL');
    const ended = await runProgram(process.execPath, [program, 'wait'], {
      env: pretendOld,
      started: (child) => {
        const { stdout } = child as unknown as { stdout: NodeJS.ReadableStream };
        stdout.once('data', () => child.kill('SIGTERM'));
      },
    });
    expect(ended.code).toBe(7);
  });

  it('leaves a thread pool size that the user has chosen', async () => {
    const env = { ...process.env, UV_THREADPOOL_SIZE: '5' };
    const { stdout } = await runProgram(process.execPath, [program], { env });
    expect(JSON.parse(stdout).pool).toBe('5');
  });
});
