import { execFile } from 'node:child_process';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CommandContext } from '../command-context.ts';

/** Where a file comes from, as records and reports tell it. Nothing is decided by it. */
export interface FileOrigin {
  /** Its path in the repository; without one as it was named, or its name alone. Never absolute. */
  readonly file: string;
  /** Of the repository; undefined where there is none, or where the file differs from what is committed. */
  readonly commit: string | undefined;
  /** `https://host/path`, without credentials. */
  readonly repository: string | undefined;
  /** The file is in a repository and differs from its commit. */
  readonly changed: boolean;
}

const run = promisify(execFile);

/** Asks the CI system's variables, and Git for what they do not tell. Without Git nothing is known. */
export async function fileOrigin(context: CommandContext, written: string): Promise<FileOrigin> {
  const { build } = context.environment;
  const path = resolve(context.cwd, written);
  const folder = dirname(path);
  const top = await git(folder, ['rev-parse', '--show-toplevel']);
  const named = relative(top ?? context.cwd, path).replaceAll('\\', '/');
  const file = named.startsWith('..') || isAbsolute(named) ? basename(path) : named;
  const repository = webAddress(build.repository ?? (await git(folder, ['remote', 'get-url', 'origin'])));
  if (top === undefined) return { file, commit: undefined, repository, changed: false };
  const status = await git(folder, ['status', '--porcelain', '--', path]);
  const changed = status !== undefined && status !== '';
  const commit = changed ? undefined : (build.commit ?? (await git(folder, ['rev-parse', 'HEAD'])));
  return { file, commit: hexOnly(commit), repository, changed };
}

/** The address of a remote as a browser takes it: `git@host:path`, `ssh://` and credentials in it are written otherwise. */
export function webAddress(remote: string | undefined): string | undefined {
  if (remote === undefined || remote === '') return undefined;
  // One letter is a drive of Windows, whose folders are nobody's business either.
  const short = /^(?:[^@/]+@)?([^:/]{2,}):(?!\/\/)(.+)$/.exec(remote);
  const text = short === null ? remote : `https://${short[1]}/${short[2]}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A folder of this machine is nobody else's business.
  if (url === undefined || !/^(?:https?|ssh|git):$/.test(url.protocol) || url.hostname === '') return undefined;
  const host = url.protocol === 'https:' || url.protocol === 'http:' ? url.host : url.hostname;
  return `https://${host}${url.pathname.replace(/\.git$/, '').replace(/\/+$/, '')}`;
}

function hexOnly(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text) ? text : undefined;
}

/** What Git prints; undefined where it fails or is not there. */
async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run('git', ['-C', folder, ...args], { timeout: 30_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
