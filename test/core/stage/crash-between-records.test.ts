import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRegistry } from '../../../lib/core/registry/registry-file.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { Store } from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const bytes = Buffer.alloc(100_000, 'weights');
const release = manifest([artifact('weights', bytes), artifact('extra', Buffer.from('extra'), { required: false })]);

let folder: string;
let fixture: StageFixture;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-records-'));
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', bytes);
  fixture.upstream.set('https://upstream.example/extra', Buffer.from('extra'));
});
afterEach(async () => {
  await fixture.close();
  await rm(folder, { recursive: true, force: true });
});

class Crash extends Error {}

/** A store whose process dies at its n-th write: before it is done, or after it is done and before anybody hears of it. */
function crashing(store: Store, at: number, when: 'before' | 'after'): Store {
  let writes = 0;
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (property !== 'put') return value.bind(target);
      return async (...args: Parameters<Store['put']>) => {
        writes += 1;
        if (writes > at) throw new Crash();
        if (writes === at && when === 'before') throw new Crash();
        const result = await store.put(...args);
        if (writes === at) throw new Crash();
        return result;
      };
    },
  });
}

/** What a reader may conclude from the store must hold at any moment: every name leads to proven bytes. */
async function expectNothingDangles(store: Store): Promise<void> {
  const stored = await readRegistry(store);
  for (const entry of Object.values(stored?.registry.collections.models?.versions ?? {})) {
    expect(await store.head(entry.release)).toBeDefined();
  }
  const record = (await store.get('models/1.0.0/release.json', 1 << 20))?.bytes;
  const sums = (await store.get('models/1.0.0/SHA256SUMS', 1 << 20))?.bytes;
  if (record !== undefined) expect(sums).toBeDefined();
  for (const line of Buffer.from(sums ?? [])
    .toString()
    .split('\n')
    .slice(0, -1)) {
    expect(await store.head(`models/1.0.0/${line.slice(66)}`)).toBeDefined();
  }
}

// registry claim, two artifacts, SHA256SUMS, RELEASE.md, objects.json, release.json, registry
const writes = 8;
const moments = Array.from({ length: writes }, (_, index) => index + 1).flatMap((at) => [
  { at, when: 'before' as const },
  { at, when: 'after' as const },
]);

const kinds: readonly [string, () => Store][] = [
  ['a directory', () => new DirectoryStore({ url: 'file:mirror', root: folder })],
  ['a bucket', () => new MemoryStore()],
];

describe.each(kinds)('a run into %s', (_, open) => {
  it.each(moments)('that dies $when its write $at is finished by the next one', async ({ at, when }) => {
    const store = open();
    await expect(fixture.stage(release, crashing(store, at, when))).rejects.toThrow(Crash);
    await expectNothingDangles(store);
    const { report } = await fixture.stage(release, store);
    expect(report).toMatchObject({ ok: true, published: true });
    await expectNothingDangles(store);
    const registry = (await readRegistry(store))?.registry;
    expect(registry?.serial).toBe(1);
    expect(registry?.collections.models?.versions['1.0.0']).toMatchObject({ artifacts: 2, content: report.content });
  });

  it('makes no more writes than the test kills it at', async () => {
    const store = open();
    await fixture.stage(release, crashing(store, writes + 1, 'before'));
    expect((await readRegistry(store))?.registry.serial).toBe(1);
  });

  it('keeps the set that a dead run decided on', async () => {
    const store = open();
    fixture.upstream.delete('https://upstream.example/extra');
    // Dies when SHA256SUMS (claim, one artifact, sums) is there.
    await expect(fixture.stage(release, crashing(store, 3, 'after'))).rejects.toThrow(Crash);
    fixture.upstream.set('https://upstream.example/extra', Buffer.from('extra'));
    const { report } = await fixture.stage(release, store);
    expect(report.artifacts.map(({ state }) => state)).toEqual(['present', 'skipped']);
    expect(report.state).toBe('published');
  });
});
