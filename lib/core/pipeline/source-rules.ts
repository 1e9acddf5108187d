import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import {
  type GrantConfiguration,
  noOwnBuckets,
  type OwnBuckets,
  type SourceRefusal,
  sourceRefusal,
  spokenSource,
} from './source-refusal.ts';

/** Refused sources told at most. */
const shown = 10;

/** A source of a manifest that the deployment may not read. */
export interface RefusedSource extends SourceRefusal {
  /** Id of the artifact. */
  readonly artifact: string;
  /** As messages may show it. */
  readonly source: string;
}

/**
 * Sources of a manifest that weighbridge.yaml does not grant, in its order, each with the reason and the lines that
 * would grant it. Nothing is asked of anybody.
 * @param own buckets of the deployment, which no grant makes sources
 */
export function refusedSources(
  manifest: Manifest,
  configuration: GrantConfiguration,
  own: OwnBuckets = noOwnBuckets,
): readonly RefusedSource[] {
  return manifest.artifacts.flatMap(({ id, sources }) =>
    sources.flatMap((ref) => {
      const refusal = sourceRefusal(ref, manifest.access, configuration, own);
      return refusal === undefined ? [] : [{ artifact: id, source: spokenSource(ref), ...refusal }];
    }),
  );
}

/** One sentence for people: what is refused, why, and what would allow it. */
export function refusalMessage({ source, reason }: Pick<RefusedSource, 'source' | 'reason'>): string {
  return `${source}: ${reason}`;
}

/** What would allow it; undefined where nothing does. */
export function refusalHint({ lines }: Pick<SourceRefusal, 'lines'>): string | undefined {
  if (lines.length === 0) return undefined;
  return `If that is meant, add to weighbridge.yaml and deploy again:\n${lines.join('\n')}`;
}

/** @throws Refused that tells them, where there are any. */
export function checkNoneRefused(refused: readonly RefusedSource[]): void {
  if (refused.length === 0) return;
  const lines = refused.slice(0, shown).map((one) => `${one.artifact}: ${refusalMessage(one)}`);
  const more = refused.length > shown ? [`and ${refused.length - shown} more`] : [];
  const what = refused.length === 1 ? 'a source is refused' : `${refused.length} sources are refused`;
  const hint = refused.map(refusalHint).find((one) => one !== undefined);
  throw new Refused('not-granted', [what, ...lines, ...more].join('\n'), hint === undefined ? {} : { hint });
}
