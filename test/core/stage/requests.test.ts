import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { splitRange } from '../../../lib/core/byte-range.ts';
import type { ArtifactSpec } from '../../../lib/core/manifest/manifest.ts';
import { canonicalJson } from '../../../lib/core/registry/canonical-json.ts';
import { rangeCount } from '../../../lib/core/stage/predict-requests.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { StrictBucket } from '../../servers/strict-gcs/strict-bucket.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { requestSuite } from './request-suite.ts';

const mebibyte = 2 ** 20;
const limits = { partSize: 5 * mebibyte, singlePut: 16 * mebibyte };

requestSuite('a store in memory', async () => {
  const bucket = new MemoryBucket();
  return { open: () => new MemoryStore({ ...limits, bucket }), remove: async (key) => bucket.remove(key) };
});

describe('with the strict fake of GCS', () => {
  let running: RunningStrictGcs;
  beforeAll(async () => {
    running = await startStrictGcs();
  });
  afterAll(() => running.stop());

  requestSuite('GCS', async () => {
    const bucket = `b-${randomUUID()}`;
    const rules = { settings: { versioning: { enabled: true } }, writeInterval: 0 };
    running.server.buckets.set(bucket, new StrictBucket(bucket, rules));
    const storage = storageWithToken(running.url, running.token);
    const url = `gs://${bucket}`;
    return {
      open: () => new GcsStore({ url, bucket, prefix: '', storage, partSize: limits.partSize }),
      async remove(key) {
        await storage.bucket(bucket).file(key).delete();
      },
    };
  });
});

describe('requests, which are money', () => {
  let fixture: StageFixture;
  beforeEach(() => {
    fixture = stageFixture();
  });
  afterEach(() => fixture.close());

  function upstream(id: string, bytes: Buffer): ArtifactSpec {
    fixture.upstream.set(`https://upstream.example/${id}`, bytes);
    return artifact(id, bytes);
  }

  it('are 16 at most for a release of 10,000 objects that is there already', async () => {
    const bucket = new MemoryBucket();
    const wanted = manifest(
      Array.from({ length: 10_000 }, (_, index) => upstream(`f${index}`, Buffer.from(`${index}`))),
    );
    expect((await fixture.stage(wanted, new MemoryStore({ bucket }))).report.state).toBe('published');
    const { report } = await fixture.stage(wanted, new MemoryStore({ bucket }));
    expect(report.state).toBe('present');
    const { requests } = report.stores[0] ?? { requests: {} };
    expect(requests).toEqual({ get: 4, list: 12 });
  });

  /** A registry that names so many releases, of the same collection and of others; no record of them is there. */
  async function registryOf(count: number): Promise<MemoryBucket> {
    const bucket = new MemoryBucket();
    await fixture.stage(
      manifest([upstream('first', Buffer.from('first'))], { version: '0.0.1' }),
      new MemoryStore({ bucket }),
    );
    const stored = bucket.latest('registry.json');
    const registry = JSON.parse(Buffer.from(stored?.bytes ?? '').toString());
    const entry = registry.collections.models.versions['0.0.1'];
    for (let index = 0; index < count; index += 1) {
      const collection = index % 2 === 0 ? 'models' : `other-${index % 100}`;
      const version = `0.1.${index}`;
      registry.collections[collection] ??= { latest: null, versions: {} };
      registry.collections[collection].versions[version] = {
        ...entry,
        release: `${collection}/${version}/release.json`,
      };
    }
    bucket.overwrite('registry.json', Buffer.from(canonicalJson(registry)));
    return bucket;
  }

  it('are as many for a release beside 10,000 others as for the first one', async () => {
    const counts: unknown[] = [];
    for (const others of [0, 10_000]) {
      const store = new MemoryStore({ bucket: await registryOf(others) });
      const { report } = await fixture.stage(
        manifest([upstream('new', Buffer.from('new'))], { version: '2.0.0' }),
        store,
      );
      expect(report.state).toBe('published');
      counts.push(report.stores[0]?.requests);
    }
    expect(counts[1]).toEqual(counts[0]);
  });

  it('are eight more at most when something large might be had by a copy', async () => {
    const large = patternBytes(64 * mebibyte, 5);
    const gets: number[] = [];
    for (const others of [0, 10_000]) {
      const store = new MemoryStore({ bucket: await registryOf(others) });
      const { report } = await fixture.stage(manifest([upstream('large', large)], { version: '2.0.0' }), store);
      expect(report.state).toBe('published');
      gets.push(report.stores[0]?.requests.get ?? 0);
    }
    expect((gets[1] ?? 0) - (gets[0] ?? 0)).toBeLessThanOrEqual(8);
  });
});

describe('an object that is larger than the store can hold', () => {
  const wanted = (required: boolean) => {
    const big = artifact('big', Buffer.alloc(1001), { required });
    return manifest([artifact('other', Buffer.from('other')), big]);
  };

  it.each([true, false])('is refused before the first byte, or left out (required: %s)', async (required) => {
    const fixture = stageFixture();
    fixture.upstream.set('https://upstream.example/other', Buffer.from('other'));
    fixture.upstream.set('https://upstream.example/big', Buffer.alloc(1001));
    const { report, error } = await fixture.stage(wanted(required), new MemoryStore({ maxObject: 1000 }));
    await fixture.close();
    const reason = 'big.bin has 1001 bytes; memory: holds objects of up to 1000 bytes';
    if (required) {
      expect(error).toMatchObject({ name: 'Refused', exit: 3, reason: 'too-large', message: reason });
      expect(report.artifacts.map(({ bytesFetched }) => bytesFetched)).toEqual([0, 0]);
    } else {
      expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'staged' }, { state: 'failed', reason }] });
    }
  });
});

it('the ranges of an object in parts are counted without cutting it', () => {
  for (const part of [1, 3, 5, 7, 8, 12, 16, 17, 24, 27].map((count) => count * mebibyte)) {
    for (const size of [1, part - 1, part, part + 1, 8 * mebibyte, 9 * part, 100 * mebibyte + 1, 24 * part]) {
      let count = 0;
      for (const { start, end } of splitRange(0, size, part)) {
        count += [...splitRange(start, end, 8 * mebibyte)].length;
      }
      expect(rangeCount(size, part)).toBe(count);
    }
  }
});
