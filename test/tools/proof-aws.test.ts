import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import type { Proof, ProofCheck } from '../../tools/proof-aws/proof.ts';
import { type CheckResult, runChecks } from '../../tools/proof-aws/run-checks.ts';
import { throwAwayConfiguration } from '../../tools/proof-aws/throw-away-deployment.ts';
import { everything } from '../infra/example-configurations.ts';
import { runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';

const place = {
  ...{ name: 'proof-1', account: '111122223333', region: 'eu-central-1', partition: 'aws' },
  principal: 'arn:aws:iam::111122223333:role/operators',
};

describe('npm run proof:aws', () => {
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'weighbridge-proof-home-'));
  });

  afterAll(() => rm(home, { recursive: true }));

  const prove = (env: Readonly<Record<string, string>>) =>
    runProgram(process.execPath, [join(root, 'tools/proof-aws.ts'), '--yes'], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', HOME: home, AWS_EC2_METADATA_DISABLED: 'true', ...env },
    });

  it('says without credentials that there are none, and ends with 2', async () => {
    const { code, stderr, stdout } = await prove({ AWS_REGION: 'eu-central-1' });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('There are no AWS credentials that work');
    expect(stderr).toContain('Nothing was done.');
    expect(stdout).toBe('');
  });

  it('asks for a region, and ends with 2', async () => {
    const { code, stderr } = await prove({});
    expect([code, stderr]).toEqual([2, 'Say in which region: set AWS_REGION.\n']);
  });
});

describe('the checks of a proof', () => {
  const check = (name: string, more: Partial<ProofCheck> = {}): ProofCheck => ({
    name,
    run: async () => `${name} holds`,
    ...more,
  });
  const fails = (name: string) => check(name, { run: () => Promise.reject(new Error('expected 200, got 500')) });
  const run = (checks: readonly ProofCheck[], emulator = false, stopped = () => false) => {
    const told: CheckResult[] = [];
    return runChecks({} as Proof, checks, { emulator, stopped, onResult: (result) => told.push(result) }).then(
      (results) => {
        expect(told).toEqual(results);
        return results.map(({ name, state, said }) => [name, state, said]);
      },
    );
  };

  it('that need one which failed are skipped, and so is what needs those; others go on', async () => {
    const checks = [fails('a'), check('b', { needs: ['a'] }), check('c', { needs: ['b'] }), check('d')];
    expect(await run(checks)).toEqual([
      ['a', 'failed', 'expected 200, got 500'],
      ['b', 'skipped', 'needs a'],
      ['c', 'skipped', 'needs b'],
      ['d', 'ok', 'd holds'],
    ]);
  });

  it('that cannot hold on an emulator are skipped there alone', async () => {
    const cached = check('cached', { notOnEmulator: 'it has no cache' });
    expect(await run([cached])).toEqual([['cached', 'ok', 'cached holds']]);
    expect(await run([cached], true)).toEqual([['cached', 'skipped', 'on an emulator: it has no cache']]);
  });

  it('are left out once it was interrupted', async () => {
    expect(await run([check('a')], false, () => true)).toEqual([['a', 'skipped', 'interrupted']]);
  });
});

describe('the throw-away deployment', () => {
  const deploymentOf = (given: string) =>
    resolveDeployment(parseConfiguration(throwAwayConfiguration(place, given), 'weighbridge.yaml'));

  it('is that of the defaults, with one publisher', () => {
    const { cloud, publishers, sources } = deploymentOf('');
    expect(cloud).toMatchObject({ name: 'proof-1', account: '111122223333', region: 'eu-central-1' });
    expect(cloud.gcs).toBeUndefined();
    expect(publishers).toMatchObject({ proof: { principals: [place.principal], collections: ['proof-*'] } });
    expect(sources.buckets).toEqual([]);
  });

  it("keeps a company's rules, and nothing of its mirrors, names and domains", () => {
    const { cloud, publishers, replicas } = deploymentOf(everything);
    expect(cloud).toMatchObject({ permissionsBoundary: 'developers', rolePath: '/weights/', rolePrefix: 'acme-' });
    expect(cloud).toMatchObject({ name: 'proof-1', public: true, encryptionKey: 'managed' });
    expect(cloud.oidc).toEqual({ github: 'existing', gitlab: 'existing' });
    expect(cloud.gcs?.public?.name).toBe('proof-1-public-111122223333');
    expect(Object.keys(publishers)).toEqual(['proof']);
    expect(replicas).toEqual([{ collections: ['*'], to: ['gcs'] }]);
  });
});
