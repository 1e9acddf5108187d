import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handlers } from '../../lib/contract/cloud/handlers.ts';
import { buildLambdas, type LambdaBundle } from '../../tools/build-lambdas.ts';

let folder: string;
let bundles: readonly LambdaBundle[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-bundles-'));
  bundles = await buildLambdas(undefined, join(folder, 'first'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Digests of all files of a bundle. */
async function digests({ folder: at }: LambdaBundle): Promise<Record<string, string>> {
  const names = (await readdir(at)).sort();
  const hash = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(at, name)))
      .digest('hex');
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])));
}

describe('the bundles of functions', () => {
  it('are there for every function of the project', () => {
    expect(bundles.map(({ handler }) => handler)).toEqual(handlers);
  });

  it('are below 3 MB each, all files counted', () => {
    for (const { handler, bytes } of bundles) expect(bytes, handler).toBeLessThan(3_000_000);
  });

  it('are below 1 MB for the access API, whose callers wait for a cold start', () => {
    expect(bundles.find(({ handler }) => handler === 'access')?.bytes).toBeLessThan(1_000_000);
  });

  it('hold no CDK, nothing native, and no file but their own', async () => {
    for (const { handler, folder: at, inputs } of bundles) {
      expect(inputs.length, handler).toBeGreaterThan(100);
      expect(
        inputs.filter((input) => /node_modules\/(?:aws-cdk-lib|constructs|@node-rs)\/|\.node$/.test(input)),
      ).toEqual([]);
      const files = await readdir(at);
      expect(files).toContain('index.mjs');
      expect(files.includes('hash-worker.mjs'), handler).toBe(handler !== 'access');
      expect(files.filter((file) => !/\.mjs(?:\.LEGAL\.txt)?$/.test(file))).toEqual([]);
    }
  });

  it('ask for nothing that is not in them, save what Node has', () => {
    for (const { handler, external } of bundles) {
      expect(external.length, handler).toBeGreaterThan(5);
      expect(external.filter((name) => !isBuiltin(name))).toEqual([]);
    }
  });

  it('load Cloud Storage only when a run has to do with it', () => {
    for (const { handler, first } of bundles.filter((bundle) => bundle.handler !== 'gcs-bucket')) {
      expect(
        first.filter((input) => /node_modules\/@google-cloud\//.test(input)),
        handler,
      ).toEqual([]);
    }
  });

  it('have the same bytes when they are built again', async () => {
    const [first] = bundles.filter(({ handler }) => handler === 'transfer');
    const [second] = await buildLambdas(['transfer'], join(folder, 'second'));
    expect(await digests(second as LambdaBundle)).toEqual(await digests(first as LambdaBundle));
  });
});
