import { artifactKey } from '../../contract/keys.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import type { ItemDocument, ItemEntry } from './attempt-documents.ts';
import { upstreamOf } from './upstream-slots.ts';

/** Artifacts up to this many bytes share a pass with others: most of their time goes into requests. */
export const smallArtifact = 16 * 2 ** 20;
/** What one item of small artifacts holds at most. */
export const batchLimits = { artifacts: 200, bytes: 2 ** 30 } as const;

/** One artifact that is to be moved, and the source that will be read first; undefined where it is in the store. */
export interface Movable {
  readonly spec: ArtifactSpec;
  readonly entry: ItemEntry;
  readonly source: string | undefined;
}

/**
 * Puts what is to be moved into items: one large artifact each, large ones first, or small ones of one upstream. What
 * is copied from another artifact of this very release comes into that one's item, behind it.
 */
export function makeItems(
  movables: readonly Movable[],
  manifest: Pick<Manifest, 'collection' | 'version'>,
): ItemDocument[] {
  const { twins, others } = splitTwins(movables, manifest);
  const isSmall = ({ entry: { size } }: Movable) => size !== null && size <= smallArtifact;
  const large = others.filter((one) => !isSmall(one)).sort((a, b) => (b.entry.size ?? 0) - (a.entry.size ?? 0));
  const small = Map.groupBy(others.filter(isSmall), upstreamName);
  const groups = [
    ...large.map((one) => [one]),
    ...[...small.values()].flatMap((ofOne) => inBatches(ofOne, ({ entry }) => entry.size ?? 0)),
  ];
  return groups.map((group) => {
    const [first] = group;
    const artifacts = group.flatMap(({ spec, entry }) => [
      entry,
      ...(twins.get(artifactKey(manifest.collection, manifest.version, spec.file)) ?? []),
    ]);
    return { upstream: first === undefined ? null : upstreamName(first), artifacts };
  });
}

/** Cuts a list into batches of so many artifacts and bytes at most. */
export function inBatches<T>(all: readonly T[], sizeOf: (one: T) => number): T[][] {
  const batches: T[][] = [];
  let current: T[] = [];
  let bytes = 0;
  for (const one of all) {
    const size = sizeOf(one);
    if (current.length > 0 && (current.length >= batchLimits.artifacts || bytes + size > batchLimits.bytes)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(one);
    bytes += size;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

function upstreamName({ source }: Movable): string | null {
  return (source === undefined ? undefined : upstreamOf(source)) ?? null;
}

function splitTwins(movables: readonly Movable[], { collection, version }: Pick<Manifest, 'collection' | 'version'>) {
  const moved = new Set(
    movables
      .filter(({ entry }) => entry.copy === undefined)
      .map(({ spec }) => artifactKey(collection, version, spec.file)),
  );
  const isTwin = ({ entry: { copy } }: Movable) => copy !== undefined && moved.has(copy.key);
  const twins = new Map<string, ItemEntry[]>();
  for (const { entry } of movables.filter(isTwin)) {
    const key = entry.copy?.key ?? '';
    twins.set(key, [...(twins.get(key) ?? []), entry]);
  }
  return { twins, others: movables.filter((one) => !isTwin(one)) };
}
