import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireNoLeaks } from '../../support/require-no-leaks.ts';

const program = fileURLToPath(new URL('../../../bin/weighbridge.js', import.meta.url));

/** How a process ended, and all it said. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Is it still there? */
  readonly running: boolean;
  /** To exactly this process; nothing once it has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** Starts the real program as a process of its own. */
export function startProgram(
  argv: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): ProgramProcess {
  const child = spawn(process.execPath, [program, ...argv], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      requireNoLeaks({ argv, stdout, stderr, cwd }).then(() => resolve({ code, signal, stdout, stderr }), reject);
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    kill: (signal) => void child.kill(signal),
  };
}
