import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

let keeper: ChildProcess | undefined;
let servers = 0;

/** Has a server ended, and its folder removed, even if this process is killed. */
export function keepServer(pid: number, folder: string): void {
  keeper ??= startKeeper();
  servers += 1;
  keeper.stdin?.write(`server ${pid} ${folder}\n`);
}

/** The server is gone and so is its folder. */
export function forgetServer(pid: number): void {
  keeper?.stdin?.write(`gone ${pid}\n`);
  servers -= 1;
  if (servers > 0) return;
  keeper?.stdin?.end();
  keeper = undefined;
}

function startKeeper(): ChildProcess {
  // A session of its own: a signal to the group of the tests must not reach it.
  const child = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  return child;
}
