import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BucketMirror } from './bucket-mirror.ts';
import { bucketProblems } from './bucket-problems.ts';
import { crashWindow, type KillMoment, untilMoment } from './crash-round.ts';
import type { Ended, ProgramProcess } from './program-process.ts';
import type { TrueRelease, Workspace } from './workspace.ts';

const otherHost = fileURLToPath(new URL('other-host.ts', import.meta.url));

/** What makes a process believe that it is on another machine. */
export const onAnotherMachine = { NODE_OPTIONS: `--import=${otherHost}` };

export interface BucketCrashRequest {
  readonly moment: Exclude<KillMoment, { readonly at: 'file' | 'call' }>;
  readonly concurrency?: number;
  /** Options for both runs. */
  readonly options?: readonly string[];
  /** The second run takes itself to be elsewhere, and cannot know that the first one is dead. */
  readonly elsewhere?: boolean;
}

export interface BucketCrashRound {
  readonly moment: KillMoment;
  readonly killed: boolean;
  /** Bytes that the upstream had served when the process was gone. */
  readonly before: number;
  /** Bytes that both runs together fetched beyond those of the release. */
  readonly fetchedAgain: number;
  /** Bytes that both runs together sent as parts beyond those of the files that go in parts. */
  readonly sentAgain: number;
  /** Bytes that may be fetched, or sent, again by design. */
  readonly window: number;
  readonly second: Ended;
  readonly problems: readonly string[];
}

/** Starts `stage` into the bucket in a folder that no other run has used. */
export async function stageFresh(
  workspace: Workspace,
  mirror: BucketMirror,
  release: TrueRelease,
  options: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<ProgramProcess> {
  const folder = await mkdtemp(join(workspace.folder, 'machine-'));
  const places = ['--to', mirror.url, '--state', mirror.state];
  const quiet = ['--progress', 'none', '--json', '--trust-origin', workspace.upstream.origin];
  const argv = ['stage', join(workspace.folder, release.manifest), ...places, ...options, ...quiet];
  return workspace.start(argv, { ...mirror.variables, ...variables }, folder);
}

/** Stages a release into a bucket, kills that, stages again from another folder, and looks at everything. */
export async function bucketCrashRound(
  workspace: Workspace,
  mirror: BucketMirror,
  release: TrueRelease,
  { moment, concurrency = 1, options = [], elsewhere = false }: BucketCrashRequest,
): Promise<BucketCrashRound> {
  workspace.upstream.forgetRequests();
  const all = ['--concurrency', String(concurrency), ...options];
  const first = await stageFresh(workspace, mirror, release, all);
  await untilMoment(workspace, first, moment);
  first.kill('SIGKILL');
  const { signal } = await first.ended;
  const before = workspace.upstream.bytesServed();
  const second = await (await stageFresh(workspace, mirror, release, all, elsewhere ? onAnotherMachine : {})).ended;
  const fetchedAgain = workspace.upstream.bytesServed() - release.bytes;
  const sentAgain = mirror.bytesSent() - bytesInParts(release);
  const window = crashWindow(release, concurrency);
  const problems = [...(await bucketProblems(workspace, mirror, [release]))];
  if (second.code !== 0) problems.push(`the second run ended with ${second.code}: ${second.stdout}${second.stderr}`);
  if (fetchedAgain > window) problems.push(`${fetchedAgain} bytes were fetched again; ${window} may be`);
  if (sentAgain > window) problems.push(`${sentAgain} bytes were sent again; ${window} may be`);
  return { moment, killed: signal === 'SIGKILL', before, fetchedAgain, sentAgain, window, second, problems };
}

/** Files that a store takes in one put are none of it. */
function bytesInParts({ files }: TrueRelease): number {
  return files.reduce((sum, { size }) => sum + (size > singlePut ? size : 0), 0);
}

const singlePut = 16 << 20;
