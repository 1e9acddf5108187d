/** Object keys of a mirror: the same in every store. */
export const registryKey = 'registry.json';

/** Where the public mirror of a deployment says how it is. */
export const statusKey = '_weighbridge/status.json';

/** Names that a release prefix reserves for its own records. */
export const reservedFiles = ['SHA256SUMS', 'RELEASE.md', 'release.json', 'objects.json'] as const;

/** The private folder of a directory store; not part of the mirror. */
export const privateFolder = '.weighbridge';

export function releasePrefix(collection: string, version: string): string {
  return `${collection}/${version}/`;
}

export function artifactKey(collection: string, version: string, file: string): string {
  return releasePrefix(collection, version) + file;
}

export function sumsKey(collection: string, version: string): string {
  return artifactKey(collection, version, 'SHA256SUMS');
}

export function notesKey(collection: string, version: string): string {
  return artifactKey(collection, version, 'RELEASE.md');
}

export function objectsKey(collection: string, version: string): string {
  return artifactKey(collection, version, 'objects.json');
}

export function releaseKey(collection: string, version: string): string {
  return artifactKey(collection, version, 'release.json');
}
