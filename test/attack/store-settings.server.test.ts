import { PutBucketVersioningCommand, PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import { s3Answers } from '../servers/store-answers.ts';
import { type S3Side, type S3SideOptions, s3Side } from './support/s3-side.ts';
import { openStoreAttack, type StoreAttack } from './support/store-attack.ts';

// Each runs the whole program several times, beside others that do.
vi.setConfig({ testTimeout: 300_000 });

const server = s3Server('minio');
let attack: StoreAttack | undefined;

afterEach(async () => {
  await attack?.close();
  attack = undefined;
});

async function open(options: S3SideOptions): Promise<{ side: S3Side; attack: StoreAttack }> {
  if (server === undefined) throw new Error('the server is not installed');
  const side = await s3Side(server, options);
  attack = await openStoreAttack(side);
  return { side, attack };
}

/** Lines that speak of a word, in what a person sees. */
function linesWith(word: RegExp, text: string): readonly string[] {
  return text.split('\n').filter((line) => word.test(line));
}

async function stageForPeople({ workspace, release, side, proxy }: StoreAttack) {
  const options = ['--to', side.url, '--progress', 'none', '--trust-origin', workspace.upstream.origin];
  return await workspace.start(['stage', release.manifest, ...options], side.variables(proxy.url)).ended;
}

async function recordedVersions(side: S3Side): Promise<readonly (string | undefined)[]> {
  const text = (await side.bytes('models/1.0.0/objects.json'))?.toString() ?? '{}';
  return Object.values(JSON.parse(text) as Record<string, { version?: string }>).map(({ version }) => version);
}

describe.skipIf(server === undefined)('a bucket', () => {
  it('with versions is used without a word, and its versions are recorded', async () => {
    const { side, attack } = await open({});
    const { code, stdout, stderr } = await stageForPeople(attack);
    expect([code, linesWith(/versioning|keeps versions|locked/i, stdout + stderr)]).toEqual([0, []]);
    for (const version of await recordedVersions(side)) expect(version).toMatch(/./);
    expect(await attack.problems()).toEqual([]);
  });

  it('without versions is warned of once, and the release is published without them', async () => {
    const { side, attack } = await open({ versioned: false });
    const { code, stdout, stderr } = await stageForPeople(attack);
    expect([code, linesWith(/versioning/i, stdout + stderr)]).toEqual([0, [expect.any(String)]]);
    expect(new Set(await recordedVersions(side))).toEqual(new Set([undefined]));
    expect(await attack.problems()).toEqual([]);
  });

  it('whose versions were suspended is warned of once', async () => {
    const { side, attack } = await open({});
    const suspended = { Bucket: side.bucket, VersioningConfiguration: { Status: 'Suspended' } } as const;
    await side.client.send(new PutBucketVersioningCommand(suspended));
    const { code, stdout, stderr } = await stageForPeople(attack);
    expect([code, linesWith(/versioning/i, stdout + stderr)]).toEqual([0, [expect.any(String)]]);
    expect(await attack.problems()).toEqual([]);
  });

  it('that keeps everything by a default retention is warned of once', async () => {
    const { side, attack } = await open({ objectLock: true });
    await side.client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: side.bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      }),
    );
    const { code, stdout, stderr } = await stageForPeople(attack);
    expect([code, linesWith(/are locked for/i, stdout + stderr)]).toEqual([0, [expect.any(String)]]);
    expect(await attack.problems()).toEqual([]);
  });

  it.each([
    ['versions', /[?&]versioning/],
    ['locks', /[?&]object-lock/],
  ])('whose setting of %s cannot be read is warned of once', async (_, target) => {
    const { attack } = await open({});
    const rule = attack.proxy.fault({ method: 'GET', target }, { kind: 'answer', answer: s3Answers.notImplemented });
    const { code, stdout, stderr } = await stageForPeople(attack);
    expect([code, linesWith(/cannot be read/i, stdout + stderr)]).toEqual([0, [expect.any(String)]]);
    expect(rule.met).toBe(1);
    expect(await attack.problems()).toEqual([]);
  });
});
