import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import { onAnotherMachine, stageFresh } from './support/bucket-crash-round.ts';
import type { BucketMirror } from './support/bucket-mirror.ts';
import { bucketProblems } from './support/bucket-problems.ts';
import { untilMoment } from './support/crash-round.ts';
import { gcsMirror } from './support/gcs-mirror.ts';
import { s3Mirror } from './support/s3-mirror.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const mebibyte = 1 << 20;
// Against hanging; a machine that does much else at the same time needs minutes.
const limit = { timeout: 240_000 };
const server = s3Server('versitygw');

const places: readonly (readonly [string, (() => Promise<BucketMirror>) | undefined])[] = [
  ['versitygw', server === undefined ? undefined : () => s3Mirror(server)],
  ['the strict fake of GCS', gcsMirror],
];

// Both wait for a lease to run out: side by side.
describe.concurrent.each(places)('%s: a run that was stopped past its lease', limit, (_, open) => {
  let workspace: Workspace;
  let release: TrueRelease;
  let mirror: BucketMirror | undefined;

  beforeAll(async () => {
    mirror = await open?.();
    workspace = await Workspace.open();
    release = await workspace.addRelease('paused', '1.0.0', [
      { file: 'weights.bin', size: 24 * mebibyte + 1 },
      { file: 'config.json', size: 1000 },
    ]);
  });

  afterAll(async () => {
    await workspace?.close();
    await mirror?.close();
  });

  it.skipIf(open === undefined)(
    'does no harm when it goes on after another machine has finished, and ends well',
    async () => {
      if (mirror === undefined) throw new Error('no server');
      workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 4 * mebibyte });
      const sleeper = await stageFresh(workspace, mirror, release);
      await untilMoment(workspace, sleeper, { at: 'bytes', bytes: 14 * mebibyte });
      sleeper.kill('SIGSTOP');
      workspace.upstream.heal();
      const other = await (await stageFresh(workspace, mirror, release, [], onAnotherMachine)).ended;
      expect(other, other.stdout).toMatchObject({ code: 0 });
      expect(JSON.parse(other.stdout)).toMatchObject({ state: 'published' });
      sleeper.kill('SIGCONT');
      const woken = await sleeper.ended;
      expect(woken, woken.stdout).toMatchObject({ code: 0 });
      expect(JSON.parse(woken.stdout)).toMatchObject({ state: 'present' });
      expect(await bucketProblems(workspace, mirror, [release])).toEqual([]);
    },
  );
});
