import { encodePart, encodePath } from './percent-encoding.ts';
import type { HuggingFaceRef } from './source-ref.ts';

/** A repository at a revision. */
export type HuggingFaceRepository = Pick<HuggingFaceRef, 'repoType' | 'repo' | 'revision'>;

/** `{endpoint}/[datasets/]{repo}/resolve/{revision}/{path}`: revisions are one segment (`refs%2Fpr%2F1`). */
export function resolveUrl(endpoint: URL, ref: HuggingFaceRepository, revision: string, path: string): URL {
  const type = ref.repoType === 'models' ? '' : `${ref.repoType}/`;
  return under(endpoint, `${type}${ref.repo}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`);
}

/** Gives `.sha`, the commit of a branch, tag or commit. */
export function revisionUrl(endpoint: URL, ref: HuggingFaceRepository): URL {
  return under(endpoint, `api/${ref.repoType}/${ref.repo}/revision/${encodeURIComponent(ref.revision)}`);
}

/** All files below the root, paged. */
export function treeUrl(endpoint: URL, ref: HuggingFaceRepository, commit: string): URL {
  return under(endpoint, `api/${ref.repoType}/${ref.repo}/tree/${commit}?recursive=true&expand=false`);
}

export function pinnedHuggingFaceUri(ref: HuggingFaceRepository, commit: string, path: string): string {
  const type = ref.repoType === 'models' ? '' : `${ref.repoType}/`;
  return `hf://${type}${ref.repo}@${encodePart(commit)}/${encodePath(path)}`;
}

/** An endpoint may have a path of its own (`https://mirror/hf`). */
function under(endpoint: URL, path: string): URL {
  return new URL(`${endpoint.origin}${endpoint.pathname.replace(/\/+$/, '')}/${path}`);
}
