import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PriceName, prices } from '../../../lib/contract/cloud/prices.ts';
import { stagingCost } from '../../../lib/core/cost/staging-cost.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { gcsChunkSize, s3PartSize } from '../../../lib/core/stores/part-sizes.ts';
import type { RequestKind } from '../../../lib/core/stores/store.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { driveRun } from '../pipeline/drive-run.ts';
import { PipelineFixture, type TestArtifact } from '../pipeline/pipeline-fixture.ts';

/** As the clouds bill them. */
const reads: readonly RequestKind[] = ['head', 'get'];
const writes: readonly RequestKind[] = ['put', 'part', 'complete', 'copy', 'list'];

const partSize = s3PartSize(1);

let fixture: PipelineFixture;
let mirror: MemoryStore;
let replica: MemoryStore;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
  fixture.configure({ replicas: [{ collections: ['*'], to: ['gcs'] }] });
  mirror = new MemoryStore({ url: fixture.mirror.url, partSize, singlePut: partSize });
  replica = new MemoryStore({
    url: fixture.replica.url,
    partSize: gcsChunkSize(),
    singlePut: 8 << 20,
    sequential: true,
  });
  fixture.around = (store) => [mirror, replica].find(({ url }) => url === store.url) ?? store;
});
afterEach(() => fixture.close());

function counted(stores: readonly MemoryStore[], kinds: readonly RequestKind[]): number {
  return stores.reduce((sum, { requests }) => sum + kinds.reduce((all, kind) => all + (requests[kind] ?? 0), 0), 0);
}

async function expectPredicted(artifacts: readonly TestArtifact[], gcsReplicas: number): Promise<void> {
  if (gcsReplicas === 0) fixture.configure({ replicas: [] });
  const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(artifacts)));
  expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
  const sizes = artifacts.map(({ bytes }) => bytes.byteLength);
  const lines = stagingCost({ sizes, gcsReplicas, memory: 1024, timeoutSeconds: 900 }, prices);
  const predicted = (price: PriceName) =>
    lines.filter((line) => line.price === price).reduce((sum, { quantity }) => sum + quantity, 0);
  const ofS3 = [mirror, fixture.state, fixture.working];
  const pairs = {
    reads: [counted(ofS3, reads), predicted('s3Reads')],
    writes: [counted(ofS3, writes), predicted('s3Writes')],
    // What continues an upload belongs to the one that began it.
    ...(gcsReplicas === 0 ? {} : { copies: [counted([replica], ['put', 'copy', 'list']), predicted('gcsWrites')] }),
  };
  for (const [what, [actual = 0, expected = 0]] of Object.entries(pairs)) {
    expect(actual / expected, `${what}: ${actual} of ${expected}`).toBeGreaterThan(0.5);
    expect(actual / expected, `${what}: ${actual} of ${expected}`).toBeLessThan(2);
  }
}

describe('the requests of a run, its working state and its copies included, are predicted to a factor of two', () => {
  it('for one small artifact', () => expectPredicted([{ id: 'config', bytes: Buffer.from('{}') }], 1));

  it('for very many small artifacts, of which each changes the state a small fraction of once', async () => {
    const many = Array.from({ length: 600 }, (_, at) => ({ id: `part-${at}`, bytes: Buffer.from(`bytes ${at}`) }));
    await expectPredicted(many, 1);
    expect(counted([fixture.state, fixture.working], writes)).toBeLessThan(many.length / 5);
  });

  const shards = [1, 2].map((seed) => ({ id: `shard-${seed}`, bytes: patternBytes(5 * partSize + seed, seed) }));

  it('for large ones', () => expectPredicted(shards, 0));

  it('for large ones that are copied', () => expectPredicted(shards, 1));
});
