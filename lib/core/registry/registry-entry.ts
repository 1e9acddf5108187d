import type { CollectionEntry, Registry, RegistryEntry } from './records.ts';

/** A collection of the registry. Names such as `constructor` are legal: only own members count. */
export function collectionOf(registry: Registry | undefined, collection: string): CollectionEntry | undefined {
  if (registry === undefined || !Object.hasOwn(registry.collections, collection)) return undefined;
  return registry.collections[collection];
}

/** What the registry says of one release; undefined where it is not listed. */
export function registryEntry(
  registry: Registry | undefined,
  collection: string,
  version: string,
): RegistryEntry | undefined {
  const versions = collectionOf(registry, collection)?.versions;
  return versions !== undefined && Object.hasOwn(versions, version) ? versions[version] : undefined;
}
