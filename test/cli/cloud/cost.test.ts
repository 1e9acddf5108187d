import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runMain } from '../run-main.ts';

const manifest = `weighbridge: 1
collection: tiny
version: 1.0.0
access: public
artifacts:
  - id: vae
    file: vae.ckpt
    source: https://example.org/vae.ckpt
    sha256: ${'ab'.repeat(32)}
    size: 1000000000000
  - id: labels
    file: labels.json
    source: https://example.org/labels.json
    sha256: ${'cd'.repeat(32)}
`;

const configuration = `cloud:
  encryptionKey: create
  observability: { dashboard: false, alarms: false, metrics: false }
  gcs:
    project: my-project
    public: { name: weights }
    private: { name: weights-private }
    workloadIdentity:
      provider: //iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/p/providers/aws
replicas:
  - { collections: [tiny], to: [gcs] }
environments:
  small:
    cloud: { encryptionKey: managed }
    replicas: []
`;

describe('weighbridge cost', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cost-'));
    await writeFile(join(directory, 'tiny.yaml'), manifest);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const cost = (...args: string[]) => runMain(['cost', ...args], { cwd: directory });

  it('prices a manifest, says what it assumes, and names what it could not count', async () => {
    const { code, stdout } = await cost('tiny.yaml', '--downloads', '10');
    expect(code).toBe(0);
    expect(stdout).toContain('tiny@1.0.0, public: 2 files, 931 GiB, in S3 alone');
    expect(stdout).toMatch(/a month of serving it, 10 downloads: 873\.\d\d USD/);
    expect(stdout).toContain('1 of 2 files; run `weighbridge lock`');
    expect(stdout).toContain('Assumed: list prices of 2026-');
  });

  it('counts the way to Google where weighbridge.yaml wants the copy, and not in an environment that does not', async () => {
    await writeFile(join(directory, 'weighbridge.yaml'), configuration);
    const copied = await cost('tiny.yaml', '--json');
    expect(JSON.parse(copied.stdout)).toMatchObject({ replicas: ['gcs'], assumptions: { downloads: 100 } });
    expect(copied.stdout).toContain('awsEgress');
    const alone = await cost('tiny.yaml', '--env', 'small', '--json');
    expect(JSON.parse(alone.stdout)).toMatchObject({ replicas: [] });
  });

  it('without a manifest prices the month in which nothing happens', async () => {
    expect((await cost()).stdout).toMatch(/nothing read, beside storage: \d+\.\d\d USD/);
    await writeFile(join(directory, 'weighbridge.yaml'), configuration);
    expect(JSON.parse((await cost('--json')).stdout).idleMonth.usd).toBe(1);
    expect((await cost('--env', 'small')).stdout).toContain('beside storage: 0 USD');
  });

  it('names the environments that there are', async () => {
    await writeFile(join(directory, 'weighbridge.yaml'), configuration);
    expect(await cost('--env', 'prod')).toMatchObject({ code: 2, stderr: expect.stringContaining('there are small') });
  });
});
