import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { mirrorProblems } from './mirror-problems.ts';
import type { Ended, ProgramProcess } from './program-process.ts';
import type { TrueRelease, Workspace } from './workspace.ts';

const preload = fileURLToPath(new URL('die-at.ts', import.meta.url));

/** When a process is killed. */
export type KillMoment =
  /** When the upstream has served that many bytes. */
  | { readonly at: 'bytes'; readonly bytes: number }
  /** When a file is in the mirror, and some milliseconds later. */
  | { readonly at: 'file'; readonly file: string; readonly after: number }
  | { readonly at: 'time'; readonly milliseconds: number }
  /** At its n-th call that changes the file system; it kills itself. */
  | { readonly at: 'call'; readonly number: number; readonly when: 'before' | 'after' };

export interface CrashRound {
  readonly moment: KillMoment;
  /** Did the kill come before the end? */
  readonly killed: boolean;
  /** Bytes that the upstream had served when the process was gone. */
  readonly before: number;
  /** Bytes that both runs together were served beyond those of the release. */
  readonly again: number;
  /** Bytes that may be served again by design. */
  readonly window: number;
  readonly second: Ended;
  /** Everything that is not as it must be; none when all is well. */
  readonly problems: readonly string[];
}

const mebibyte = 1 << 20;

/**
 * Bytes that a kill may cost: for each large artifact in flight eight ranges of 8 MiB and what else lies beyond the
 * last checkpoint, together 128 MiB at most; and small ones, four times as many, as a whole.
 */
export function crashWindow(release: TrueRelease, concurrency: number): number {
  const sizes = release.files.map(({ size }) => size).sort((a, b) => b - a);
  const sum = (list: readonly number[], most: number) =>
    list.reduce((total, size) => total + Math.min(size, most * mebibyte), 0);
  const large = sizes.filter((size) => size > mebibyte).slice(0, concurrency);
  const small = sizes.filter((size) => size <= mebibyte).slice(0, concurrency * 4);
  return sum(large, 128) + sum(small, 1);
}

/** Stages a release from nothing, kills that, stages again, and looks at everything. */
export async function crashRound(
  workspace: Workspace,
  release: TrueRelease,
  moment: KillMoment,
  concurrency = 8,
): Promise<CrashRound> {
  await workspace.clear();
  const options = ['--concurrency', String(concurrency)];
  const variables: Record<string, string> =
    moment.at === 'call'
      ? { NODE_OPTIONS: `--import=${preload}`, WEIGHBRIDGE_DIE_AT: `${moment.number}:${moment.when}` }
      : {};
  const first = workspace.stage(release, options, variables);
  await untilMoment(workspace, first, moment);
  first.kill('SIGKILL');
  const { signal } = await first.ended;
  const before = workspace.upstream.bytesServed();
  const second = await workspace.stage(release, options).ended;
  const again = workspace.upstream.bytesServed() - release.bytes;
  const window = crashWindow(release, concurrency);
  const problems = [...(await mirrorProblems(workspace, [release]))];
  if (second.code !== 0) problems.push(`the second run ended with ${second.code}: ${second.stdout}${second.stderr}`);
  if (again > window) problems.push(`${again} bytes were served again; ${window} may be`);
  return { moment, killed: signal === 'SIGKILL', before, again, window, second, problems };
}

/** Resolves when the moment has come, or the process is gone. */
export async function untilMoment(workspace: Workspace, target: ProgramProcess, moment: KillMoment): Promise<void> {
  switch (moment.at) {
    case 'bytes':
      while (target.running && workspace.upstream.bytesServed() < moment.bytes) await delay(1);
      return;
    case 'file': {
      const path = join(workspace.mirror, moment.file);
      while (target.running && !existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
      if (moment.after > 0) await delay(moment.after);
      return;
    }
    case 'time':
      await Promise.race([delay(moment.milliseconds), target.ended]);
      return;
    case 'call':
      await target.ended;
  }
}

/** How many calls that change the file system a whole run makes: what `call` moments count. */
export async function countCalls(workspace: Workspace, release: TrueRelease): Promise<number> {
  await workspace.clear();
  const file = join(workspace.folder, 'calls');
  const variables = { NODE_OPTIONS: `--import=${preload}`, WEIGHBRIDGE_DIE_COUNT: file };
  const { code, stdout, stderr } = await workspace.stage(release, [], variables).ended;
  if (code !== 0) throw new Error(`a run that is not killed ended with ${code}: ${stdout}${stderr}`);
  return Number(await workspace.text('calls'));
}
