import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePythonEnvironment } from '../test/servers/python-environment.ts';

/** A peer that no Debian package has in the version that the figures were taken with. */
export interface PeerProgram {
  readonly name: 'rclone' | 's5cmd' | 'aws';
  /** What the version marker holds, and what is installed. */
  readonly pinned: string;
  /** Go module, its version and the package in it; a Python package otherwise. */
  readonly go?: { readonly module: string; readonly version: string };
}

export const peerPrograms: readonly PeerProgram[] = [
  { name: 'rclone', pinned: 'rclone v1.76.0', go: { module: 'github.com/rclone/rclone', version: 'v1.76.0' } },
  { name: 's5cmd', pinned: 's5cmd v2.3.0', go: { module: 'github.com/peak/s5cmd/v2', version: 'v2.3.0' } },
  { name: 'aws', pinned: 'awscli 1.46.3' },
];

/** Where the installer puts them; Git ignores it. */
const cache = join(import.meta.dirname, '../.cache');
const virtualEnvironment = join(cache, 'aws-cli');

/** Folders of the installed peers, for a PATH. */
export const peerFolders: readonly string[] = [join(cache, 'bin'), join(virtualEnvironment, 'bin')];

function programFile({ name, go }: PeerProgram): string {
  return go === undefined ? join(virtualEnvironment, 'bin', name) : join(cache, 'bin', name);
}

function marker(program: PeerProgram): string {
  return `${programFile(program)}.version`;
}

export function isInstalled(program: PeerProgram): boolean {
  const file = marker(program);
  return existsSync(programFile(program)) && existsSync(file) && readFileSync(file, 'utf8').trim() === program.pinned;
}

/** Installs what is not there in its pinned version. Needs Go and Python 3. @throws Error with what the tool said. */
export async function installPeers(print: (line: string) => void): Promise<void> {
  for (const program of peerPrograms) {
    if (isInstalled(program)) print(`${program.pinned}: installed`);
    else {
      print(`${program.pinned}: installing`);
      if (program.go === undefined)
        await makePythonEnvironment(virtualEnvironment, [program.pinned.replace(' ', '==')]);
      else installGo(program, program.go);
      writeFileSync(marker(program), `${program.pinned}\n`);
    }
  }
}

/** As a requirement of a module of our own: that asks for exactly this version, and for no list of versions. */
function installGo(program: PeerProgram, { module, version }: NonNullable<PeerProgram['go']>): void {
  const folder = mkdtempSync(join(tmpdir(), 'weighbridge-peer-'));
  try {
    writeFileSync(join(folder, 'go.mod'), `module peers\n\ngo 1.24\n\nrequire ${module} ${version}\n`);
    const options = ['-mod=mod', '-trimpath', '-ldflags', '-s -w', '-o', programFile(program)];
    call('go', ['build', ...options, module], folder, { CGO_ENABLED: '0' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function call(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): void {
  const { error, status, stdout, stderr } = spawnSync(program, [...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw new Error(`${program} could not be started, and is needed to install the peers`);
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${(stderr + stdout).slice(-2000)}`);
}
