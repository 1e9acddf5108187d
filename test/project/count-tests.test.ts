import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from './run-program.ts';
import { root } from './source-files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-count-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** @returns the last line and the exit code */
async function count(report: unknown, failedChecks = 0): Promise<readonly [string | undefined, number | null]> {
  const file = join(folder, 'report.json');
  if (report !== undefined) await writeFile(file, typeof report === 'string' ? report : JSON.stringify(report));
  const argv = [join(root, 'tools/count-tests.cjs'), file, String(failedChecks)];
  const { stdout, code } = await runProgram(process.execPath, argv);
  return [stdout.trimEnd().split('\n').at(-1), code];
}

function file(status: string, ...tests: string[]): object {
  return { status, assertionResults: tests.map((test) => ({ status: test })) };
}

describe('the last line of continuous integration', () => {
  it('counts what passed', async () => {
    expect(await count({ testResults: [file('passed', 'passed', 'passed'), file('passed', 'passed')] })).toEqual([
      '3 passed, 0 failed',
      0,
    ]);
  });

  it('names skipped tests where there are any', async () => {
    const report = { testResults: [file('passed', 'passed', 'skipped', 'todo')] };
    expect(await count(report)).toEqual(['1 passed, 0 failed, 2 skipped', 0]);
  });

  it('fails with a failed test, counted once', async () => {
    expect(await count({ testResults: [file('failed', 'passed', 'failed')] }, 1)).toEqual(['1 passed, 1 failed', 1]);
  });

  it('fails with a file that did not load', async () => {
    const report = { testResults: [file('passed', 'passed'), file('failed')] };
    expect(await count(report, 1)).toEqual(['1 passed, 1 failed', 1]);
  });

  it('fails with a check that did not hold, and with an error outside of any test', async () => {
    expect(await count({ testResults: [file('passed', 'passed')] }, 2)).toEqual(['1 passed, 2 failed', 1]);
  });

  it('fails when nothing ran, or the report is missing or cut off', async () => {
    expect(await count({ testResults: [] })).toEqual(['0 passed, 0 failed', 1]);
    expect(await count('{"testResults":[', 1)).toEqual(['0 passed, 1 failed', 1]);
    await rm(join(folder, 'report.json'));
    expect(await count(undefined, 1)).toEqual(['0 passed, 1 failed', 1]);
  });
});
