import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newMirrorToken, tokenDigest } from '../lib/core/access/policy/mirror-token.ts';
import { benchEnvironment, measure } from './measure.ts';
import { weighbridge } from './mirror-job.ts';

/** A release of many files in a private and in a public folder, and `serve` in front of both. */
export interface PrivateServer {
  /** Ends in a slash. */
  readonly url: string;
  readonly token: string;
  readonly files: readonly string[];
  stop(): Promise<void>;
}

/** Publishes the same files as `bench@1.0.0` twice, and serves them. @param count files of 64 bytes */
export async function startPrivateServer(folder: string, count: number): Promise<PrivateServer> {
  const files = Array.from({ length: count }, (_, number) => `part-${String(number).padStart(5, '0')}.bin`);
  await mkdir(join(folder, 'weights'));
  for (const file of files) await writeFile(join(folder, 'weights', file), file.padEnd(64));
  for (const access of ['public', 'private']) {
    const version = ['publish', './weights', 'bench@1.0.0', '--access', access];
    await measure([...weighbridge, ...version, '--progress', 'none'], folder);
  }
  const token = newMirrorToken();
  const policy = [
    'weighbridgeAccess: 1',
    `principals: { bench: { tokens: [ { sha256: ${tokenDigest(token)}, expires: "2099-12-31" } ] } }`,
    'grants: { all: { to: [ bench ], collections: [ bench ] } }',
  ];
  await writeFile(join(folder, 'access.yaml'), `${policy.join('\n')}\n`);
  const options = ['--private-store', 'file:./mirror-private', '--policy', 'access.yaml', '--port', '0'];
  // Decisions go to a file, as where nobody looks on.
  const quiet = ['--audit-log', 'audit.jsonl', '--progress', 'none'];
  const started = await startListening([...weighbridge, 'serve', ...options, ...quiet], folder);
  return { ...started, token, files };
}

/** A program that prints its address when it listens. @throws Error with what it said when it ends before */
export async function startListening(command: readonly string[], folder: string) {
  const [program = '', ...rest] = command;
  const child = spawn(program, rest, { cwd: folder, env: benchEnvironment(folder), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${program} ended: ${said}`)));
    createInterface(child.stdout).once('line', resolve);
  });
  return { url, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await exit;
}
