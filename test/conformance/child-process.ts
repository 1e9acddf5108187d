import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  /** Lines said so far. */
  readonly lines: readonly string[];
  readonly pid: number;
  /** Resolves with the first line that matches. @throws when the process ends without it. */
  said(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process is gone; with its exit code, null when it was killed. */
  ended: Promise<number | null>;
}

/** Runs `test/conformance/store-child.ts` as a process of its own. */
export function startChild(job: string, root: string, argument = '', uid?: number): Child {
  const program = fileURLToPath(new URL('store-child.ts', import.meta.url));
  return startProgram(program, [job, root, argument], uid);
}

/** Runs a program of the tests as a process of its own. */
export function startProgram(program: string, args: readonly string[], uid?: number): Child {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(() => child.exitCode);
  return {
    lines,
    pid: child.pid ?? 0,
    ended,
    signal: (name) => child.kill(name),
    async said(pattern) {
      for (;;) {
        const line = lines.find((each) => pattern.test(each));
        if (line !== undefined) return line;
        if ((await Promise.race([once(reader, 'line'), ended.then(() => 'ended')])) === 'ended') {
          const last = lines.find((each) => pattern.test(each));
          if (last !== undefined) return last;
          throw new Error(`the process ended without saying ${pattern}`);
        }
      }
    },
  };
}
