import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import { findPeers, type Peer, PeersMissing } from '../../bench/peers.ts';

const program = join(import.meta.dirname, '../../bench/run.ts');

/** Half of a bench's time servers start and end, and nothing is measured here. */
const twoAtOnce = pLimit(2);

/** Runs benches as `npm run bench` does; what they leave in the folder for temporary files is told. */
async function bench(...args: readonly string[]) {
  return await twoAtOnce(async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'weighbridge-bench-test-'));
    try {
      const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, TMPDIR: temporary } });
      const output = { out: '', error: '' };
      child.stdout.on('data', (text) => (output.out += text));
      child.stderr.on('data', (text) => (output.error += text));
      const [code] = await once(child, 'close');
      return { code, ...output, left: await readdir(temporary) };
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

function missingPeers(peers: readonly Peer[]): boolean {
  try {
    findPeers(peers);
    return false;
  } catch (error) {
    if (error instanceof PeersMissing) return true;
    throw error;
  }
}

const s3Peers: readonly Peer[] = ['nginx', 'minio', 'curl', 'openssl', 'aria2c', 'rclone', 's5cmd', 'aws', 'time'];

describe.concurrent('npm run bench', { timeout: 300_000 }, () => {
  it.each<{ args: readonly string[]; peers: readonly Peer[]; figures: readonly string[] }>([
    {
      args: ['large', '--size', '20MiB', '--rounds', '1'],
      peers: ['nginx', 'curl', 'openssl', 'aria2c', 'time'],
      figures: ['wall time to that of curl | tee | openssl', 'wall time to that of aria2c', 'peak memory'],
    },
    {
      args: ['capped', '--size', '9MiB', '--rounds', '1'],
      peers: ['nginx', 'curl', 'time'],
      figures: ['times faster than one curl'],
    },
    {
      args: ['many', '--count', '12', '--size', '4KiB', '--rounds', '1'],
      peers: ['nginx', 'aria2c', 'time'],
      figures: [
        'times faster than aria2c',
        'time of the second stage',
        'requests to the upstream in the second stage: 0',
      ],
    },
    { args: ['help', '--rounds', '1'], peers: ['time'], figures: ['seconds until help has been printed'] },
    {
      args: ['s3-large', '--size', '20MiB', '--rounds', '1'],
      peers: s3Peers,
      figures: ['that of the fastest peer', 'the same with native hashing', 'times the floor', 'peak memory'],
    },
    {
      args: ['s3-capped', '--size', '17MiB', '--rounds', '1'],
      peers: s3Peers,
      figures: ['times faster than the fastest peer over one connection', 'times faster than aria2c over eight'],
    },
    {
      args: ['s3-eight', '--size', '17MiB', '--count', '2', '--rounds', '1'],
      peers: ['nginx', 'minio', 'time'],
      figures: ['processor seconds to wall seconds', 'peak memory'],
    },
    {
      args: ['s3-many', '--count', '12', '--size', '4KiB', '--rounds', '1'],
      peers: ['nginx', 'minio', 'rclone', 's5cmd', 'time'],
      figures: [
        'rclone with its hash pass',
        'that of s5cmd sync',
        'holds: requests to the store when nothing is to be done',
      ],
    },
    {
      args: ['s3-registry', '--count', '250', '--rounds', '1'],
      peers: ['nginx', 'minio', 'time'],
      figures: ['holds: requests more than into an empty registry: 0'],
    },
    {
      args: ['s3-kill', '--size', '64MiB', '--rounds', '1'],
      peers: ['nginx', 'minio', 'rclone', 's5cmd', 'aws'],
      figures: ['holds: bytes sent again'],
    },
    {
      args: ['lambda-bundles', '--rounds', '1'],
      peers: [],
      figures: ['holds: largest bundle', 'slowest median from import to first call'],
    },
  ])('$args measures against its peers, or says which one is missing', async ({ args, peers, figures }) => {
    const { code, out, error, left } = await bench(...args);
    if (missingPeers(peers)) {
      expect(error).toMatch(/apt-get install|npm run servers|npm run bench -- install/);
      expect(code).toBe(2);
    } else {
      expect(error).toBe('');
      expect(code).toBe(0);
      for (const figure of figures) expect(out).toContain(figure);
    }
    expect(left).toEqual([]);
  });

  it('lists its benches when it is not told which', async () => {
    const { code, error } = await bench();
    expect(code).toBe(2);
    for (const name of ['large', 'capped', 'many', 'help', 's3-large', 's3-kill', 'install'])
      expect(error).toContain(name);
  });
});

describe('peers', () => {
  it('that are not there are named with what to install', () => {
    expect(() => findPeers(['aria2c', 'nginx'], '/nowhere')).toThrow(
      'this bench needs programs that are not on the PATH (aria2c, nginx): apt-get install aria2 nginx-light',
    );
  });
});
