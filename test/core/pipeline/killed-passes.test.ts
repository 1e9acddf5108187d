import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { transferItem } from '../../../lib/core/pipeline/transfer-item.ts';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import type { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { seededRandom } from '../../attack/support/seeded-random.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { watchedStore } from '../../support/watched-store.ts';
import { driveRun, Killed } from './drive-run.ts';
import { PipelineFixture, partSize, stored } from './pipeline-fixture.ts';

const large = patternBytes(12 * partSize + 17, 7);
const small = Buffer.from('{"layers": 2}\r\n');
const artifacts = [
  { id: 'weights', bytes: large },
  { id: 'config', bytes: small },
  { id: 'tokenizer', bytes: patternBytes(40_000, 5) },
];

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
  fixture.configure({ replicas: [{ collections: ['*'], to: ['gcs'] }] });
});
afterEach(() => fixture.close());

/** Every write of the functions is a step; at the chosen ones the function dies, and does nothing more. */
class Fuse {
  steps = 0;
  private dead = false;
  private readonly dies: () => boolean;

  constructor(dies: () => boolean) {
    this.dies = dies;
  }

  /** A new function takes over. */
  renew(): void {
    this.dead = false;
  }

  burn(): void {
    this.steps += 1;
    this.dead ||= this.dies();
    if (this.dead) throw new Killed('the function was killed');
  }
}

function arm(fuse: Fuse): void {
  fixture.around = (store) =>
    watchedStore(store, { before: () => fuse.burn(), after: () => fuse.burn() }) as unknown as typeof store;
}

/** Never anything visible that is not whole and right, in any mirror. */
async function expectSound(mirror: MemoryStore): Promise<void> {
  for (const { id, bytes } of artifacts) {
    const there = stored(mirror.bucket, `models/1.0.0/${id}.bin`);
    if (there !== undefined) expect(Sha256.ofBytes(there).hex).toBe(Sha256.ofBytes(bytes).hex);
  }
  const sums = stored(mirror.bucket, 'models/1.0.0/SHA256SUMS');
  const release = stored(mirror.bucket, 'models/1.0.0/release.json');
  const entry = (await readRegistry(mirror))?.registry.collections.models?.versions['1.0.0'];
  if (sums !== undefined)
    for (const { id } of artifacts) expect(stored(mirror.bucket, `models/1.0.0/${id}.bin`)).toBeDefined();
  if (release !== undefined) expect(sums).toBeDefined();
  if (entry !== undefined) expect(entry.sha256).toBe(Sha256.ofBytes(release ?? Buffer.alloc(0)).hex);
}

describe('functions that are killed', () => {
  it('at random steps, again and again, publish nothing wrong or partial, and the whole in the end', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const random = seededRandom(seed);
      const fuse = new Fuse(() => random() < 0.02);
      arm(fuse);
      const before = async () => {
        await expectSound(fixture.mirror);
        await expectSound(fixture.replica);
        fuse.renew();
      };
      const input = await fixture.submit(fixture.manifest(artifacts));
      const { reported } = await driveRun(fixture, input, { before, retries: 100 });
      expect(reported?.report, `seed ${seed}`).toMatchObject({ ok: true, state: 'published' });
      await before();
      // Nothing unfinished is paid for.
      expect([...fixture.mirror.bucket.uploads, ...fixture.replica.bucket.uploads], `seed ${seed}`).toEqual([]);
      for (const { id, bytes } of artifacts) {
        expect(stored(fixture.replica.bucket, `models/1.0.0/${id}.bin`)).toEqual(new Uint8Array(bytes));
      }
      await fixture.close();
      fixture = await PipelineFixture.start();
      fixture.configure({ replicas: [{ collections: ['*'], to: ['gcs'] }] });
    }
  }, 120_000);

  it('and run twice at once, share an item without harm', async () => {
    const input = await fixture.submit(fixture.manifest(artifacts));
    const { publisher, run, attempt, items } = await planRun(input, fixture.ports());
    for (let item = 0; item < (items?.count ?? 0); item += 1) {
      const pass = { publisher, run, attempt, item, idle: 0 };
      await Promise.all([transferItem(pass, fixture.ports()), transferItem(pass, fixture.ports())]);
    }
    const { reported } = await driveRun(fixture, input);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    await expectSound(fixture.mirror);
  });

  it('after they published do not call their own release a damaged one', async () => {
    let dead = false;
    let killed = false;
    fixture.around = (store) =>
      watchedStore(store, {
        after: ({ key }) => {
          dead ||= !killed && key === 'models/1.0.0/release.json';
          if (key === 'registry.json' && dead) killed = true;
          if (killed && dead) throw new Killed('the function was killed');
        },
      }) as unknown as typeof store;
    const before = () => {
      if (killed) dead = false;
    };
    const { reported } = await driveRun(fixture, await fixture.submit(fixture.manifest(artifacts)), { before });
    expect(killed).toBe(true);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published', notes: [] });
  });
});
