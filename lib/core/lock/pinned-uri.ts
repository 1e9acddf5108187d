import type { SourceRef } from '../sources/source-ref.ts';

const huggingFace = /^(hf:\/\/(?:models\/|datasets\/|spaces\/)?[^/@]+\/[^/@]+@)([^/]+)(\/.+)$/;

/**
 * The source as a manifest should name it so that upstream cannot move it: a branch or tag becomes its commit, a
 * release asset gets its id, an object in a bucket its version id or generation. The rest of the text stays as it was
 * written.
 * @param revision the 40-hex commit, asset id, version id or generation that upstream gave.
 * @returns undefined when there is nothing to pin, or nothing to pin it to.
 */
export function pinnedUri(ref: SourceRef, revision: string | undefined): string | undefined {
  if (revision === undefined) return undefined;
  if (ref.scheme === 'hf' && /^[0-9a-f]{40}$/.test(revision) && ref.revision !== revision) {
    const match = huggingFace.exec(ref.uri);
    return match === null ? undefined : `${match[1]}${revision}${match[3]}`;
  }
  if (ref.scheme === 'github' && ref.assetId === undefined && /^\d+$/.test(revision)) {
    return `${ref.uri.replace(/#.*$/s, '')}#id=${revision}`;
  }
  if (ref.scheme === 's3' && ref.versionId === undefined) return `${ref.uri}?versionId=${encodeURIComponent(revision)}`;
  if (ref.scheme === 'gs' && ref.generation === undefined) return `${ref.uri}#${revision}`;
  return undefined;
}
