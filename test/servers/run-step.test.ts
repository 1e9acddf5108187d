import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../project/run-program.ts';
import { runStep } from './run-step.ts';

describe('a step of an installation', () => {
  it('gives what the program printed', async () => {
    expect(await runStep(process.execPath, ['-p', '1 + 1'])).toBe('2\n');
  });

  it('fails with the last lines that the program printed', async () => {
    const program = 'for (let i = 1; i <= 50; i += 1) console.error("line", i); process.exit(7)';
    const failure: unknown = await runStep(process.execPath, ['-e', program]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StepFailed', message: expect.stringMatching(/ended with 7:\nline 31\n/) });
    expect(failure).toMatchObject({ message: expect.stringMatching(/\nline 50$/) });
  });

  it('fails when there is no such program, and keeps nobody waiting', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'run-step.ts'));
    const program = `const { runStep } = await import(${module});
      await runStep('/no/such/program', []).catch((error) => console.log(error.message));`;
    const ended = await runProgram(process.execPath, ['--input-type=module', '-e', program]);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('/no/such/program could not be started') });
  });
});
