import { spawnSync } from 'node:child_process';

/** The programs that Weighbridge is compared with or measured by, and the Debian package that each comes in. */
const packages = {
  nginx: 'nginx-light',
  curl: 'curl',
  aria2c: 'aria2',
  openssl: 'openssl',
  time: 'time',
} as const;

export type Peer = keyof typeof packages;

const versionArguments: Readonly<Record<Peer, readonly string[]>> = {
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
    const install = missing.map((peer) => packages[peer]).join(' ');
    super(`this bench needs programs that are not on the PATH (${missing.join(', ')}): apt-get install ${install}`);
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

/** PATH with the folders of system programs at its end. */
export function searchPath(): string {
  return `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
}

function versionOf(peer: Peer, folders: string): string | undefined {
  const { error, stdout, stderr } = spawnSync(peer, [...versionArguments[peer]], {
    encoding: 'utf8',
    env: { PATH: folders, LC_ALL: 'C' },
  });
  if (error !== undefined) return undefined;
  return /\d+\.\d+[\w.]*/.exec(stdout + stderr)?.[0] ?? '';
}
