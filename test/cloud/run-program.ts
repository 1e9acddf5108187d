import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { requireNoLeaks } from '../support/require-no-leaks.ts';

/** What a command of the project's own program did. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const program = join(import.meta.dirname, '../../bin/weighbridge.js');

/** Runs the program, in a process of its own that inherits nothing, to its end. */
export async function runProgram(
  argv: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<ProgramResult> {
  const child = spawn(process.execPath, [program, ...argv], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  await requireNoLeaks({ argv, stdout, stderr, cwd });
  return { code, stdout, stderr };
}
