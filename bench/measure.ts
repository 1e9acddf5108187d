import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { searchPath } from './peers.ts';

/** What one run of a program took. */
export interface Measured {
  /** Seconds from start to end. */
  readonly wall: number;
  /** Seconds of processor time of the program and all that it waited for. */
  readonly cpu: number;
  /** Bytes resident at most: of the largest process, all its threads and shared buffers included. */
  readonly peak: number;
  readonly stdout: string;
}

/**
 * Runs a program to its end under GNU time, which adds up the whole pipeline where the program is a shell.
 * The environment is nearly empty, so that no proxy or token of the machine plays a part.
 * @param variables what the program needs besides
 * @throws Error with what it wrote to stderr, when it does not exit with 0.
 */
export async function measure(
  command: readonly string[],
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const notes = join(folder, 'time.txt');
  const [program, ...rest] = ['time', '--format', '%U %S %M', '--output', notes, ...command] as [string, ...string[]];
  const started = performance.now();
  const child = spawn(program, rest, {
    cwd: folder,
    env: benchEnvironment(folder, variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exit] = await Promise.all([textOf(child.stdout), textOf(child.stderr), exitOf(child)]);
  const wall = (performance.now() - started) / 1000;
  if (exit !== 0) throw new Error(`${command[0]} ended with ${exit}: ${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  const [user, system, kilobytes] =
    (await readFile(notes, 'utf8')).trim().split('\n').at(-1)?.split(' ').map(Number) ?? [];
  await rm(notes);
  if (user === undefined || system === undefined || kilobytes === undefined) throw new Error('time wrote no figures');
  return { wall, cpu: user + system, peak: kilobytes * 1024, stdout };
}

/** The environment that every contender runs in. */
export function benchEnvironment(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { PATH: searchPath(), HOME: folder, LC_ALL: 'C', NO_PROXY: '*', ...variables };
}

/** The last 64 MB: the report of 10,000 files is some of them. */
async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 128_000_000) text = text.slice(-64_000_000);
  }
  return text;
}

function exitOf(child: ReturnType<typeof spawn>): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
}
