import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import { bucketCrashRound } from './support/bucket-crash-round.ts';
import type { BucketMirror } from './support/bucket-mirror.ts';
import { s3Mirror } from './support/s3-mirror.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const mebibyte = 1 << 20;
// Against hanging; a machine that does much else at the same time needs minutes.
const limit = { timeout: 240_000 };
// Another one every time; a failure names it.
const seed = Date.now() % 1_000_000;
const random = seededRandom(seed);
const server = s3Server('versitygw');

describe.skipIf(server === undefined)(
  `versitygw: a killed run with its state in a bucket (seed ${seed})`,
  limit,
  () => {
    let workspace: Workspace;
    let large: TrueRelease;
    let small: TrueRelease;
    let mirror: BucketMirror;

    beforeAll(async () => {
      workspace = await Workspace.open();
      const many = Array.from({ length: 8 }, (_, index) => ({
        file: `small/${index}.json`,
        size: 1000 + 7000 * index,
      }));
      // Of nearly all of which a kill may cost 128 MiB.
      large = await workspace.addRelease('large', '1.0.0', [
        { file: 'weights.bin', size: 176 * mebibyte + 7 },
        ...many,
      ]);
      small = await workspace.addRelease('small', '1.0.0', [
        { file: 'weights.bin', size: 24 * mebibyte + 1 },
        { file: 'extra/weights.bin', size: 17 * mebibyte },
        ...many,
      ]);
    });

    afterAll(() => workspace?.close());

    beforeEach(async () => {
      if (server === undefined) throw new Error('no server');
      mirror = await s3Mirror(server);
    });

    afterEach(() => mirror?.close());

    it('is finished by another machine, which sends and fetches no more than the window again', async () => {
      const bytes = Math.floor((0.85 + random() * 0.1) * large.bytes);
      const round = await bucketCrashRound(workspace, mirror, large, {
        moment: { at: 'bytes', bytes },
        elsewhere: true,
      });
      expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
      expect(round.killed).toBe(true);
    });

    it.each([0.05, 0.6])(
      'leaves no upload behind when it dies before its files have checkpoints: at %d',
      async (share) => {
        const bytes = Math.floor(share * small.bytes);
        const round = await bucketCrashRound(workspace, mirror, small, {
          moment: { at: 'bytes', bytes },
          concurrency: 8,
        });
        expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
        expect(round.killed).toBe(true);
      },
    );

    it('is finished whenever it dies', async () => {
      const milliseconds = Math.floor(200 + random() * 2500);
      const round = await bucketCrashRound(workspace, mirror, small, {
        moment: { at: 'time', milliseconds },
        concurrency: 8,
      });
      expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
    });
  },
);
