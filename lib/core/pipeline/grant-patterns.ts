import type { BucketGrant } from '../../contract/cloud/source-grants.ts';

/** Does a pattern of `sources.hosts` cover this host? `*.example.org` covers what is below it and not itself. */
export function coversHost(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
  });
}

/** Names of users and organisations are the same in whatever case; `*` is anybody. */
export function coversOwner(owners: readonly string[], owner: string): boolean {
  return owners.some((granted) => granted === '*' || granted.toLowerCase() === owner.toLowerCase());
}

/** Does `keys` of a grant cover this key? A pattern that ends in `*` is the beginning of keys. */
export function coversKey({ keys }: Pick<BucketGrant, 'keys'>, key: string): boolean {
  return keys.some((pattern) => (pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern));
}
