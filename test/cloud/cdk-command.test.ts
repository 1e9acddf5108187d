import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CdkFailed, runCdkCommand } from './cdk-command.ts';
import { waitForProcessEnd } from './wait-for-process-end.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-cdk-command-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Runs a script in the CDK's place. */
function run(script: string, timeLimit = 60): Promise<string> {
  const env = { PATH: process.env.PATH, SECRET: undefined };
  return runCdkCommand({ program: ['-e', script, '--'], args: ['deploy', 'stack'], cwd: folder, env, timeLimit });
}

describe('a command of the CDK', () => {
  it('answers what it printed on both streams, and inherits nothing', async () => {
    const script = 'console.log(process.argv.slice(1).join(" ")); console.error(Object.keys(process.env).join())';
    expect(await run(script)).toBe('deploy stack\nPATH\n');
  });

  it('fails with the last that it printed', async () => {
    const failing = run("for (let line = 1; line <= 100; line += 1) console.log('line ' + line); process.exitCode = 3");
    const failure = await failing.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(CdkFailed);
    const { message, output } = failure as CdkFailed;
    expect(message).toMatch(/^cdk deploy stack ended with 3\nline 41\n.*\nline 100$/s);
    expect(output).toMatch(/^line 1\n/);
  });

  it('that does not end is ended, with what it started', async () => {
    const child = `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      require('node:fs').writeFileSync('child', String(child.pid)); console.log('waiting'); setInterval(() => {}, 1000);`;
    await expect(run(child, 2)).rejects.toThrow('cdk deploy did not end within 2 s\nwaiting');
    await waitForProcessEnd(Number(await readFile(join(folder, 'child'), 'utf8')));
  });

  it('that ignores SIGTERM is killed', async () => {
    const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)";
    await expect(run(stubborn, 1)).rejects.toThrow('did not end within 1 s');
  });
});
