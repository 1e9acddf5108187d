import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import type { BucketSide } from './support/bucket-side.ts';
import { s3Side } from './support/s3-side.ts';
import { storeProblems } from './support/store-problems.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const publishers = 20;

describe.each(['versitygw', 'minio'] as const)('twenty processes that publish at once into %s', (name) => {
  const server = s3Server(name);
  let workspace: Workspace;
  let side: BucketSide;

  beforeEach(async () => {
    if (server === undefined) return;
    workspace = await Workspace.open();
    side = await s3Side(server);
  });

  afterEach(async () => {
    side?.close();
    await workspace?.close();
  });

  it.skipIf(server === undefined)('lose none of their releases', { timeout: 600_000 }, async () => {
    const releases: TrueRelease[] = [];
    for (let number = 0; number < publishers; number += 1) {
      // Five collections, so that both a new collection and a new version of one compete.
      const files = [{ file: 'small.bin', size: 10_000 + number, seed: `publisher-${number}` }];
      releases.push(await workspace.addRelease(`models-${number % 5}`, `1.${number}.0`, files));
    }
    const runs = releases.map((release, number) =>
      workspace.stage(release, ['--to', side.url, '--state', `state-${number}`], side.variables(side.origin)),
    );
    const ends = await Promise.all(runs.map(({ ended }) => ended));
    const failed = ends.filter(({ code }) => code !== 0).map(({ stdout, stderr }) => stdout + stderr);
    expect(failed).toEqual([]);
    expect(await storeProblems(workspace, side, releases)).toEqual([]);
  });
});
