import { spawnSync } from 'node:child_process';
import { isInstalled as isServerInstalled, serverProgram } from '../test/servers/server-programs.ts';
import { isInstalled, peerFolders, peerPrograms } from './peer-programs.ts';

/** The programs that Weighbridge is compared with or measured by, and the Debian package that each comes in. */
const packages = {
  nginx: 'nginx-light',
  curl: 'curl',
  aria2c: 'aria2',
  openssl: 'openssl',
  time: 'time',
} as const;

type PackagedPeer = keyof typeof packages;

/** With those that `npm run bench -- install` brings in the version that the figures were taken with. */
export type Peer = PackagedPeer | 'rclone' | 's5cmd' | 'aws' | 'minio';

const versionArguments: Readonly<Record<PackagedPeer, readonly string[]>> = {
  nginx: ['-v'],
  curl: ['--version'],
  aria2c: ['--version'],
  openssl: ['version'],
  time: ['--version'],
};

/** A bench needs programs that this machine does not have. */
export class PeersMissing extends Error {
  override readonly name = 'PeersMissing';
  constructor(missing: readonly Peer[]) {
    const install = missing.flatMap((peer) => (isPackaged(peer) ? [packages[peer]] : []));
    const how = [
      ...(install.length === 0 ? [] : [`apt-get install ${install.join(' ')}`]),
      ...(missing.includes('minio') ? ['npm run servers'] : []),
      ...(missing.some((peer) => !isPackaged(peer) && peer !== 'minio') ? ['npm run bench -- install'] : []),
    ];
    super(`this bench needs programs that are not on the PATH (${missing.join(', ')}): ${how.join('; ')}`);
  }
}

/**
 * The version of every peer, each as it says it itself.
 * @param folders where to look, as in PATH; programs of administrators (nginx) lie in sbin, which users rarely have in theirs
 * @throws PeersMissing naming all that are not there.
 */
export function findPeers(peers: readonly Peer[], folders = searchPath()): readonly string[] {
  const found = peers.map((peer) => ({ peer, version: versionOf(peer, folders) }));
  const missing = found.filter(({ version }) => version === undefined).map(({ peer }) => peer);
  if (missing.length > 0) throw new PeersMissing(missing);
  return found.map(({ peer, version }) => `${peer} ${version}`.trim());
}

/** PATH with the installed peers at its beginning and the folders of system programs at its end. */
export function searchPath(): string {
  return `${peerFolders.join(':')}:${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
}

function isPackaged(peer: Peer): peer is PackagedPeer {
  return peer in packages;
}

function versionOf(peer: Peer, folders: string): string | undefined {
  if (!isPackaged(peer)) return pinnedVersion(peer);
  const { error, stdout, stderr } = spawnSync(peer, [...versionArguments[peer]], {
    encoding: 'utf8',
    env: { PATH: folders, LC_ALL: 'C' },
  });
  if (error !== undefined) return undefined;
  return /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? '';
}

function pinnedVersion(peer: Exclude<Peer, PackagedPeer>): string | undefined {
  if (peer === 'minio') {
    const server = serverProgram(peer);
    return isServerInstalled(server) ? server.pinned.split('@').at(-1) : undefined;
  }
  const program = peerPrograms.find(({ name }) => name === peer);
  return program !== undefined && isInstalled(program) ? program.pinned.split(' ').at(-1) : undefined;
}
