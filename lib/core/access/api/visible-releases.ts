import { latestVersion } from '../../registry/latest-version.ts';
import type { CollectionEntry, Registry } from '../../registry/records.ts';
import { collectionOf } from '../../registry/registry-entry.ts';
import type { AccessPolicy } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import { decide, principalsOf } from '../policy/decide.ts';

/** Is there any grant for this caller? To others not even the registry's serial is shown. */
export function isGrantedAnything(policy: AccessPolicy, caller: Caller): boolean {
  const principals = new Set(principalsOf(policy, caller));
  return policy.grants.some(({ to }) => to.some((name) => principals.has(name)));
}

/**
 * The registry as this caller may know it: releases of which some file is granted, `latest` chosen among them. It is
 * another document than the store's, so signatures and addresses of that are left out.
 */
export function visibleRegistry(registry: Registry, policy: AccessPolicy, caller: Caller): Registry {
  const visible = Object.keys(registry.collections).flatMap((name): [string, CollectionEntry][] => {
    const collection = visibleCollection(registry, policy, caller, name);
    return collection === undefined ? [] : [[name, collection]];
  });
  const { schema, access, serial, updatedAt } = registry;
  return { schema, access, serial, updatedAt, mirrors: [], collections: Object.fromEntries(visible) };
}

/** The version that `latest` is to this caller. */
export function visibleLatest(
  registry: Registry,
  policy: AccessPolicy,
  caller: Caller,
  collection: string,
): string | undefined {
  return visibleCollection(registry, policy, caller, collection)?.latest ?? undefined;
}

function visibleCollection(
  registry: Registry,
  policy: AccessPolicy,
  caller: Caller,
  collection: string,
): CollectionEntry | undefined {
  const entry = collectionOf(registry, collection);
  const seen = Object.entries(entry?.versions ?? {}).filter(
    ([version]) => decide(policy, caller, { collection, version }).allowed,
  );
  if (entry === undefined || seen.length === 0) return undefined;
  const visible = {
    ...(entry.versioning === undefined ? {} : { versioning: entry.versioning }),
    versions: Object.fromEntries(seen),
  };
  return { ...visible, latest: latestVersion(visible) };
}
