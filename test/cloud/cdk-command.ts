import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A command of the CDK that failed or did not end in time; the message ends with what it printed last. */
export class CdkFailed extends Error {
  override readonly name = 'CdkFailed';
  /** All that the command printed. */
  readonly output: string;

  constructor(message: string, output: string) {
    super(`${message}\n${output.trimEnd().split('\n').slice(-linesShown).join('\n')}`);
    this.output = output;
  }
}

export interface CdkCommand {
  /** The file of the program and the options of Node before it; the Node that runs the tests runs it. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Seconds after which the command and what it started are ended. */
  readonly timeLimit: number;
}

const linesShown = 60;
const secondsToEnd = 2;

/**
 * Runs a command of the CDK to its end.
 * @returns what it printed, on both streams in their order
 * @throws CdkFailed when it fails or does not end in time
 */
export async function runCdkCommand({ program, args, cwd, env, timeLimit }: CdkCommand): Promise<string> {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the app which the command starts ends with it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const pid = child.pid;
  if (pid === undefined) throw new CdkFailed(`cdk ${args[0]} could not be started`, output);
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const patience = new AbortController();
  const late = sleep(timeLimit * 1000, undefined, { signal: patience.signal }).catch(() => undefined);
  const ending = await Promise.race([closed, late]);
  if (ending === undefined) {
    await endGroup(pid, closed);
    throw new CdkFailed(`cdk ${args[0]} did not end within ${timeLimit} s`, output);
  }
  patience.abort();
  const [code, signal] = ending;
  if (code !== 0) throw new CdkFailed(`cdk ${args.join(' ')} ended with ${code ?? signal}`, output);
  return output;
}

async function endGroup(pid: number, closed: Promise<unknown>): Promise<void> {
  process.kill(-pid, 'SIGTERM');
  const patience = new AbortController();
  const late = sleep(secondsToEnd * 1000, 'late', { signal: patience.signal }).catch(() => 'in time');
  if ((await Promise.race([closed, late])) === 'late') process.kill(-pid, 'SIGKILL');
  patience.abort();
  await closed;
}
