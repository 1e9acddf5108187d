import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const folder = join(import.meta.dirname, '../../consumers/python');

/** The one file that consumers without Node copy. */
export const consumerFile = join(folder, 'weighbridge_get.py');

export interface PythonRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What stdout holds. */
  json<T>(): T;
}

export interface PythonOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** `python3 weighbridge_get.py …` to its end. */
export function weighbridgeGet(args: readonly string[], options: PythonOptions = {}): Promise<PythonRun> {
  return ended(startPython([consumerFile, ...args], options));
}

/** A program that begins with `import weighbridge_get as wg` and the usual modules; `sys.argv[1:]` are the arguments. */
export function pythonProgram(code: string, args: readonly string[] = [], options: PythonOptions = {}) {
  const usual = 'import json, os, sys, threading, time, pathlib\nimport weighbridge_get as wg\n';
  return ended(startPython(['-c', usual + code, ...args], options));
}

/** A real Python process that hears nothing of this machine's own settings. It does not outlive its test. */
export function startPython(args: readonly string[], { env = {}, cwd = tmpdir(), input = '' }: PythonOptions = {}) {
  const child = spawn('python3', ['-X', 'dev', '-W', 'error', ...args], {
    cwd,
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: join(tmpdir(), 'nobody'), PYTHONPATH: folder },
      ...{ PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1', ...env },
    },
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return child;
}

/** What a process says until it ends. */
export async function ended(child: ChildProcess): Promise<PythonRun> {
  const out: Buffer[] = [];
  const problems: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => problems.push(chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
  const stdout = Buffer.concat(out).toString();
  const stderr = Buffer.concat(problems).toString();
  return {
    ...{ status, stdout, stderr },
    json<T>(): T {
      try {
        return JSON.parse(stdout) as T;
      } catch {
        throw new Error(`no JSON on stdout, exit ${status}:\n${stdout}\n${stderr}`);
      }
    },
  };
}
