import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import { startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import type { BucketSide } from './support/bucket-side.ts';
import { gcsSide } from './support/gcs-side.ts';
import { s3Side } from './support/s3-side.ts';
import { storeProblems } from './support/store-problems.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const publishers = 20;
const server = s3Server('minio');
let workspace: Workspace;

beforeEach(async () => {
  workspace = await Workspace.open();
});

afterEach(() => workspace.close());

/** Each publishes a release of its own, from a state of its own, as twenty machines would. */
async function publishAtOnce(side: BucketSide): Promise<void> {
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
}

describe('twenty processes that publish at once', () => {
  // Not versitygw, which may lose one: test/core/stores/s3-store.server.test.ts says why.
  it.skipIf(server === undefined)('into MinIO lose none of their releases', { timeout: 600_000 }, async () => {
    if (server === undefined) return;
    const side = await s3Side(server);
    try {
      await publishAtOnce(side);
    } finally {
      side.close();
    }
  });

  it('into GCS lose none of their releases, though it takes one write of an object a second', {
    timeout: 900_000,
  }, async () => {
    const strict = await startStrictGcs({ anonymous: true, writeInterval: 1000 });
    try {
      await publishAtOnce(await gcsSide({ apiEndpoint: strict.url, projectId: 'strict' }));
    } finally {
      await strict.stop();
    }
  });
});
