import { registryKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import { Refused } from '../errors.ts';
import type { Access } from '../manifest/manifest.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { briefly } from './cache-control.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Registry, registrySchema, releaseSchema } from './records.ts';

/** A registry and the tag that its replacement must match. */
export interface StoredRegistry {
  readonly registry: Registry;
  readonly etag: string;
}

/** How long a swap tries before it gives up, in seconds: a GCS object takes about one write a second, and many may want it. */
const swapBudget = 180;

/** Attributes of the one object that changes. */
const attributes = { contentType: 'application/json', cacheControl: briefly };

/**
 * Undefined when the store is not claimed yet.
 * @throws MirrorDamaged when there is a registry that this program cannot read.
 */
export async function readRegistry(store: Store): Promise<StoredRegistry | undefined> {
  const found = await store.get(registryKey, recordLimit);
  if (found === undefined) return undefined;
  const what = `registry.json of ${store.url}`;
  return { registry: parseRecord(found.bytes, registrySchema, 'weighbridge/registry/1', what), etag: found.stat.etag };
}

/**
 * Makes sure that the store has a registry of this access class; an empty store is claimed for it.
 * @throws Refused when the store belongs to the other class, or when its registry is signed.
 */
export async function claimStore(store: Store, access: Access, clock: Clock): Promise<StoredRegistry> {
  const found = (await readRegistry(store)) ?? (await createRegistry(store, access, clock));
  checkUnsigned(found.registry, store.url);
  if (found.registry.access !== access) {
    throw new Refused('access-class', `${store.url} holds ${found.registry.access} releases; this one is ${access}`, {
      hint: `Name a store for ${access} releases with --to, or in weighbridge.yaml.`,
    });
  }
  return found;
}

/** This version has no keys: what it wrote under somebody's signature would make the signature false. */
function checkUnsigned(registry: Registry, url: string): void {
  if ((registry.signatures ?? []).length === 0) return;
  throw new Refused('signed-registry', `the registry of ${url} is signed, and this version cannot sign`, {
    hint: 'Publish with a version that has the key, or into another store.',
  });
}

/** A registry that got lost is no reason to hand a store with releases of one class to the other. */
async function checkLeftovers(store: Store, access: Access): Promise<void> {
  for await (const { key } of store.list('')) {
    if (!/^[^/]+\/[^/]+\/release\.json$/.test(key)) continue;
    const found = await store.get(key, recordLimit);
    if (found === undefined) continue;
    const release = parseRecord(found.bytes, releaseSchema, 'weighbridge/release/1', `${key} of ${store.url}`);
    if (release.access === access) return;
    throw new Refused(
      'access-class',
      `${store.url} has no registry and holds ${release.access} releases; this one is ${access}`,
      { hint: `Restore its registry.json, and name a store for ${access} releases with --to.` },
    );
  }
}

async function createRegistry(store: Store, access: Access, clock: Clock): Promise<StoredRegistry> {
  await checkLeftovers(store, access);
  const registry: Registry = {
    schema: 'weighbridge/registry/1',
    access,
    serial: 0,
    updatedAt: clock.now().toISOString(),
    mirrors: [],
    collections: {},
  };
  const put = await store.put(registryKey, encode(registry), { ifAbsent: true }, attributes);
  if (put.outcome === 'created') return { registry, etag: put.stat.etag };
  const theirs = await readRegistry(store);
  if (theirs === undefined) throw new StoreError(`${registryKey} of ${store.url} appeared and vanished`);
  return theirs;
}

/**
 * Replaces the registry by what `change` makes of it, by compare-and-swap, until no other writer comes between.
 * @param change Pure; called once per try with the newest registry. Undefined: nothing is to be changed.
 * @returns the registry as it is now.
 * @throws Refused when the registry is signed.
 */
export async function swapRegistry(
  store: Store,
  change: (registry: Registry) => Registry | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Registry> {
  const start = clock.now().getTime();
  for (let tries = 0; ; tries += 1) {
    signal.throwIfAborted();
    const current = await readRegistry(store);
    if (current === undefined) throw new StoreError(`${registryKey} of ${store.url} is gone`);
    checkUnsigned(current.registry, store.url);
    const wanted = change(current.registry);
    if (wanted === undefined) return current.registry;
    const next = { ...wanted, serial: current.registry.serial + 1, updatedAt: clock.now().toISOString() };
    const put = await store.put(registryKey, encode(next), { ifMatch: current.etag }, attributes);
    if (put.outcome === 'created') return next;
    if (clock.now().getTime() - start > swapBudget * 1000) {
      throw new StoreError(`${registryKey} of ${store.url} changes faster than it can be written`, {
        retryable: true,
        hint: 'Run the same command again; nothing is lost.',
      });
    }
    await clock.sleep(Math.random() * Math.min(2, 0.01 * 2 ** Math.min(tries, 8)), signal);
  }
}

function encode(registry: Registry): Uint8Array {
  return Buffer.from(canonicalJson(registry));
}
