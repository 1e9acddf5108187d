import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

/** A process in which the emulator keeps a Lambda function; it outlives a call. */
export interface FunctionProcess {
  readonly pid: number;
  /** Of the function, as Lambda knows it. */
  readonly name: string;
}

/**
 * The processes of an emulator's functions, to end one by its id in the middle of its work. Linux only.
 * @param prefix What the names of functions begin with.
 */
export async function functionProcesses(emulator: AwsEmulator, prefix = ''): Promise<readonly FunctionProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => functionIn(emulator, pid).catch(() => undefined)));
  return found.filter((each) => each?.name.startsWith(prefix) === true) as FunctionProcess[];
}

/** @throws Error where the process is gone or is somebody else's. */
async function functionIn(emulator: AwsEmulator, pid: number): Promise<FunctionProcess | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // `pid (name) state parent …`, and the name may hold spaces and brackets.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (Number(parent) !== emulator.pid || state === 'Z') return undefined;
  const folder = await readlink(`/proc/${pid}/cwd`);
  const name = /^ministack-lambda-(.+)-[^-]+$/.exec(basename(dirname(folder)))?.[1];
  return name === undefined ? undefined : { pid, name };
}
