import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramEnd {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of what it said, for messages. */
  readonly said: string;
}

const linesTold = 12;

/** Runs a program with this Node to its end; what it prints is kept. */
export async function runProgram(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ProgramEnd> {
  const child = spawn(process.execPath, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, stdout, said: all.trimEnd().split('\n').slice(-linesTold).join('\n') };
}
