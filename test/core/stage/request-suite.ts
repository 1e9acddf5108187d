import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import type { Manifest } from '../../../lib/core/manifest/manifest.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import type { Plan } from '../../../lib/core/stage/plan.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';
import { planRelease } from '../../../lib/core/stage/stage-release.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { Store } from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { patternBytes } from '../../support/transfer-ports.ts';

/** A place for a mirror. Parts have 5 MiB, and more than 16 MiB do not go in one put. */
export interface CountedPlace {
  /** Another look at the same bucket, with counters at zero. */
  open(): Store;
  /** Removes what the bucket has under a key. */
  remove(key: string): Promise<void>;
  /** The server cannot copy parts into an upload with checksums (MinIO), so that more is asked than of Amazon's. */
  readonly copiesByHand?: boolean;
}

const mebibyte = 2 ** 20;
const small = patternBytes(1000);
const large = patternBytes(27 * mebibyte + 1, 2);
/** Enough for it to be worth looking for copies. */
const huge = patternBytes(65 * mebibyte + 12_345, 3);

/** Holds `plan` to its word: what it predicts is, kind by kind, what the run after it then counts. */
export function requestSuite(name: string, place: () => Promise<CountedPlace>): void {
  describe(`the requests that a plan predicts for ${name}`, () => {
    let fixture: StageFixture;
    let mirror: CountedPlace;

    beforeEach(async () => {
      fixture = stageFixture();
      mirror = await place();
    });
    afterEach(() => fixture.close());

    function files(contents: Readonly<Record<string, Buffer>>, version = '1.0.0'): Manifest {
      for (const [id, bytes] of Object.entries(contents)) fixture.upstream.set(`https://upstream.example/${id}`, bytes);
      return manifest(
        Object.entries(contents).map(([id, bytes]) => artifact(id, bytes)),
        { version },
      );
    }

    async function predicted(wanted: Manifest, replicas: readonly Store[] = []): Promise<Plan> {
      const store = mirror.open();
      const request = {
        manifest: wanted,
        manifestSha256: Sha256.ofBytes('manifest'),
        store,
        replicas,
        attempt: 'plan',
        concurrency: 4,
        maxBytes: undefined,
        warnings: [],
      };
      return await planRelease(request, (await readRegistry(store))?.registry, fixture.ports);
    }

    async function expectPredicted(wanted: Manifest, ...states: readonly string[]): Promise<StageReport> {
      const { requests } = await predicted(wanted);
      const { report } = await fixture.stage(wanted, mirror.open());
      expect(report.error).toBeUndefined();
      expect(report.artifacts.map(({ state }) => state)).toEqual(states);
      expect(report.ok).toBe(true);
      const copied = states.includes('copied') && mirror.copiesByHand === true;
      if (!copied) expect(report.stores[0]?.requests).toEqual(requests);
      return report;
    }

    it('are those of small objects in an empty store', async () => {
      await expectPredicted(
        files({ a: small, b: Buffer.from('b'), none: Buffer.alloc(0) }),
        'staged',
        'staged',
        'staged',
      );
    });

    it('are those of objects in parts, and of a release that is there already', async () => {
      const wanted = files({ large, small });
      await expectPredicted(wanted, 'staged', 'staged');
      await expectPredicted(wanted, 'present', 'present');
    });

    it('are those of objects and records that are put back', async () => {
      const wanted = files({ large, small });
      await fixture.stage(wanted, mirror.open());
      await mirror.remove('models/1.0.0/large.bin');
      await mirror.remove('models/1.0.0/RELEASE.md');
      await expectPredicted(wanted, 'staged', 'present');
    });

    it('are those of copies: of an earlier release, and of a twin', async () => {
      await expectPredicted(files({ huge, small, twin: small }), 'staged', 'staged', 'copied');
      await expectPredicted(
        files({ huge, small, large, again: large }, '1.1.0'),
        'copied',
        'copied',
        'staged',
        'copied',
      );
    });

    it('are those of leftovers that have to be read', async () => {
      const wanted = files({ large, small });
      await mirror.open().put('models/1.0.0/small.bin', small, { ifAbsent: true });
      await expectPredicted(wanted, 'staged', 'present');
    });

    it('are those of a replica as well', async () => {
      const options = { partSize: 5 * mebibyte, singlePut: 16 * mebibyte };
      const replica = new MemoryStore(options);
      const wanted = files({ large, small });
      for (const state of ['published', 'present']) {
        const plan = await predicted(wanted, [new MemoryStore({ ...options, bucket: replica.bucket })]);
        const replicas = [new MemoryStore({ ...options, bucket: replica.bucket })];
        const { report } = await fixture.stage(wanted, mirror.open(), { replicas });
        expect(report.state).toBe(state);
        const counted = report.stores.map(({ requests }) => requests);
        expect(counted).toEqual([plan.requests, plan.replicas?.[0]?.requests]);
      }
    });
  });
}
