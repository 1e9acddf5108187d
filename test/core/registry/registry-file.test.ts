import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Registry } from '../../../lib/core/registry/records.ts';
import { claimStore, readRegistry, swapRegistry } from '../../../lib/core/registry/registry-file.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { artifact, manifest, stageFixture } from '../../support/stage-fixture.ts';

const weights = Buffer.from('weights');
const signal = new AbortController().signal;

async function edit(store: MemoryStore, change: (registry: Record<string, unknown>) => unknown): Promise<void> {
  const stored = await readRegistry(store);
  if (stored === undefined) throw new Error('the test is wrong');
  await store.put('registry.json', Buffer.from(JSON.stringify(change(stored.registry))), { ifMatch: stored.etag });
}

async function published(): Promise<{ store: MemoryStore; fixture: ReturnType<typeof stageFixture> }> {
  const store = new MemoryStore();
  const fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights);
  await fixture.stage(manifest([artifact('weights', weights)]), store);
  return { store, fixture };
}

describe('swapping the registry', () => {
  it('keeps what a later version of the format wrote into collections and releases', async () => {
    const { store, fixture } = await published();
    await edit(store, (registry) => {
      const { collections } = registry as Registry;
      const { models } = collections;
      const versions = { '1.0.0': { ...models?.versions['1.0.0'], gates: 'passed' } };
      return { ...registry, later: 1, collections: { models: { ...models, owner: 'us', versions } } };
    });
    await fixture.stage(manifest([artifact('weights', weights)], { version: '1.1.0' }), store);
    await fixture.close();
    const { registry } = (await readRegistry(store)) ?? {};
    expect(registry).toMatchObject({
      later: 1,
      collections: { models: { owner: 'us', versions: { '1.0.0': { gates: 'passed' }, '1.1.0': {} } } },
    });
  });

  it('refuses a signed registry, whose signature it could not renew, before anything is transferred', async () => {
    const { store, fixture } = await published();
    await edit(store, (registry) => ({ ...registry, signatures: [{ keyId: 'k', sig: 's' }] }));
    const { error } = await fixture.stage(manifest([artifact('weights', weights)], { version: '1.1.0' }), store);
    await fixture.close();
    expect(error).toMatchObject({ name: 'Refused', exit: 3, message: expect.stringContaining('signed') });
    expect(await store.head('models/1.1.0/weights.bin')).toBeUndefined();
    await expect(swapRegistry(store, (registry) => registry, systemClock, signal)).rejects.toThrow('signed');
  });

  it('is refused for a scheme of versions that another publisher was first to choose', async () => {
    const store = new MemoryStore();
    const fixture = stageFixture();
    fixture.upstream.set('https://upstream.example/weights', weights);
    const tagged = manifest([artifact('weights', weights)], { version: 'nightly', versioning: 'tag' });
    let raced = false;
    const racing = new Proxy(store, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        if (property !== 'put') return value.bind(target);
        return async (...args: Parameters<MemoryStore['put']>) => {
          if (args[0].endsWith('release.json') && !raced) {
            raced = true;
            await fixture.stage(tagged, store);
          }
          return await target.put(...args);
        };
      },
    });
    const { error } = await fixture.stage(manifest([artifact('weights', weights)]), racing);
    await fixture.close();
    expect(error).toMatchObject({ name: 'Refused', exit: 3, message: expect.stringContaining('scheme') });
    expect((await readRegistry(store))?.registry.collections.models?.latest).toBe('nightly');
  });

  it('calls the tag that was published last the latest, also when the clock went backwards', async () => {
    const store = new MemoryStore();
    const fixture = stageFixture();
    fixture.upstream.set('https://upstream.example/weights', weights);
    let now = new Date('2030-01-01T00:00:00Z');
    const late = stageFixture({ clock: { now: () => now, sleep: systemClock.sleep } });
    late.upstream.set('https://upstream.example/weights', weights);
    for (const version of ['2031', '2030', 'b', 'a']) {
      await late.stage(manifest([artifact('weights', weights)], { version, versioning: 'tag' }), store);
      expect((await readRegistry(store))?.registry.collections.models?.latest).toBe(version);
      now = new Date(now.getTime() - 86_400_000);
    }
    await late.close();
    await fixture.close();
  });
});

describe('claiming a store', () => {
  it('is refused where releases of the other class lie without a registry', async () => {
    const store = new MemoryStore();
    const fixture = stageFixture();
    fixture.upstream.set('https://upstream.example/weights', weights);
    await fixture.stage(manifest([artifact('weights', weights)], { access: 'private' }), store);
    await fixture.close();
    const bare = new Proxy(store, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target);
        if (property === 'head') return async (key: string) => (key === 'registry.json' ? undefined : target.head(key));
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await expect(claimStore(bare, 'public', systemClock)).rejects.toMatchObject({ exit: 3, reason: 'access-class' });
  });
});
