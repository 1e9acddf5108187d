import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commit, HubServer, sha256 } from '../core/lock/hub-server.ts';
import { runMain } from './run-main.ts';

const weights = Buffer.from('weights');
let cwd: string;
let hub: HubServer;
let variables: Record<string, string>;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-import-remote-'));
  hub = new HubServer();
  const { origin } = await hub.start();
  variables = { HF_ENDPOINT: origin, GITHUB_API_URL: origin };
});
afterEach(async () => {
  await hub.stop();
  await rm(cwd, { recursive: true });
});

const read = (path: string) => readFile(join(cwd, path), 'utf8');
const run = (...argv: string[]) => runMain(argv, { cwd, variables });

describe('import huggingface', () => {
  it('takes a repository at a revision, pinned to its commit, with the digests that the Hub publishes', async () => {
    hub.repository.set('v1/model.bin', { bytes: weights, lfs: true });
    hub.repository.set('v1/config.json', { bytes: Buffer.from('{}'), lfs: false });
    hub.repository.set('empty.txt', { bytes: Buffer.alloc(0), lfs: false });
    const made = await run('import', 'huggingface', 'hf://acme/tiny', '--name', 'version=1.0.0', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({
      manifests: [{ manifest: 'manifests/tiny/1.0.0.yaml', artifacts: 2 }],
      figures: { files: 3, digests: 1 },
      findings: [
        { kind: 'not-taken', subject: 'empty.txt' },
        { kind: 'missing-digest', subject: 'v1/config.json' },
      ],
    });
    const text = await read('manifests/tiny/1.0.0.yaml');
    expect(text).toContain(`    source: hf://acme/tiny@${commit}/v1/model.bin
    sha256: ${sha256(weights)}
    size: 7
    digestFrom: upstream
`);
    // What lock adds is kept, and nothing is asked for that is there.
    expect(await run('lock', 'manifests/tiny/1.0.0.yaml')).toMatchObject({ code: 0 });
    const locked = await read('manifests/tiny/1.0.0.yaml');
    const again = await run('import', 'huggingface', 'hf://acme/tiny', '--name', 'version=1.0.0');
    expect(again.stdout).toBe('manifests/tiny/1.0.0.yaml: 2 artifacts, unchanged\n');
    expect(await read('manifests/tiny/1.0.0.yaml')).toBe(locked);
  });

  it('tries again when the Hub is not well, and says what is not there', async () => {
    hub.repository.set('model.bin', { bytes: weights, lfs: true });
    hub.failures.set(`/api/models/acme/tiny/tree/${commit}`, 1);
    expect(await run('import', 'huggingface', 'hf://acme/tiny@v1')).toMatchObject({ code: 0 });
    const missing = await run('import', 'huggingface', 'hf://acme/tiny@main/v2', '--name', 'version=1.0.0');
    expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('no files below v2 at main') });
  });
});

describe('import github-release', () => {
  it('takes the assets of a release, pinned by their ids; its tag is the version', async () => {
    hub.assets.push({ id: 7, name: 'model.bin', bytes: weights, digest: true });
    hub.assets.push({ id: 8, name: 'old.bin', bytes: weights, digest: false });
    hub.assets.push({ id: 9, name: 'SHA256SUMS', bytes: weights, digest: true });
    const made = await run('import', 'github-release', 'github://acme/models@v1', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({
      manifests: [{ manifest: 'manifests/models/v1.yaml', artifacts: 2 }],
      figures: { assets: 3, digests: 2 },
      findings: [
        { kind: 'missing-digest', subject: 'old.bin' },
        { kind: 'not-taken', subject: 'SHA256SUMS', field: 'file' },
      ],
    });
    expect(await read('manifests/models/v1.yaml')).toContain(`    source: github://acme/models@v1/model.bin#id=7
    sha256: ${sha256(weights)}
    size: 7
    digestFrom: upstream
`);
    const missing = await run('import', 'github-release', 'github://acme/models@v2');
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no published release with that tag') });
  });
});
