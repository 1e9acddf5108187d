import { z } from 'zod';
import { Sha256 } from '../digest/sha256.ts';
import type { HttpClient } from '../http/http-client.ts';
import { requestJson } from './json-response.ts';
import { SourceError } from './source.ts';
import type { GitHubRef } from './source-ref.ts';

/** One file of a release. Its bytes never change: a replaced asset has another id. */
export interface GitHubAsset {
  readonly id: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256 | undefined;
  /** Counts against the API's quota; works with a token. */
  readonly apiUrl: URL;
  /** Without quota, for public repositories only. */
  readonly browserUrl: URL | undefined;
  readonly mediaType: string | undefined;
}

export interface GitHubAccess {
  readonly http: HttpClient;
  /** `https://api.github.com`, or that of an enterprise server. */
  readonly api: URL;
}

const assetShape = z.object({
  id: z.number().int().positive(),
  name: z.string(),
  size: z.number().int().nonnegative(),
  state: z.string().nullish(),
  digest: z.string().nullish(),
  content_type: z.string().nullish(),
  browser_download_url: z.string().nullish(),
});
const releaseShape = z.object({ assets: z.array(assetShape) });

/** The headers that GitHub asks API clients to send. */
const headers = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

/**
 * All assets of the release with a tag: one request, however many of them are wanted.
 * @throws SourceError `missing` without the release, `rate-limited`, and so on.
 */
export async function readGitHubRelease(
  access: GitHubAccess,
  ref: GitHubRef,
  signal: AbortSignal,
): Promise<readonly GitHubAsset[]> {
  const name = `github://${ref.owner}/${ref.repo}@${ref.tag}`;
  const url = apiUrl(access.api, `repos/${ref.owner}/${ref.repo}/releases/tags/${encodeURIComponent(ref.tag)}`);
  const value = await releaseJson(access, url, name, signal);
  const release = releaseShape.safeParse(value);
  if (!release.success) {
    throw new SourceError('broken', `${name}: GitHub answered in another shape than expected`, {
      cause: release.error,
    });
  }
  return release.data.assets
    .filter(({ state }) => state == null || state === 'uploaded')
    .map((asset) => ({
      id: asset.id,
      name: asset.name,
      size: asset.size,
      sha256: parseDigest(asset.digest),
      apiUrl: apiUrl(access.api, `repos/${ref.owner}/${ref.repo}/releases/assets/${asset.id}`),
      browserUrl: toUrl(asset.browser_download_url),
      mediaType: asset.content_type ?? undefined,
    }));
}

async function releaseJson(access: GitHubAccess, url: URL, name: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await requestJson(access.http, { method: 'GET', url, headers, signal }, name)).value;
  } catch (error) {
    if (!(error instanceof SourceError) || error.outcome !== 'missing') throw error;
    throw new SourceError('missing', `${name}: no published release with that tag, or the repository is private`, {
      cause: error,
      evidence: error.evidence,
      hint: 'Check owner, repository and tag; for a private repository set GITHUB_TOKEN.',
    });
  }
}

/** `sha256:…`; null for assets from before June 2025. */
function parseDigest(digest: string | null | undefined): Sha256 | undefined {
  return digest?.startsWith('sha256:') ? Sha256.parse(digest.slice('sha256:'.length)) : undefined;
}

function apiUrl(api: URL, path: string): URL {
  return new URL(`${api.origin}${api.pathname.replace(/\/+$/, '')}/${path}`);
}

function toUrl(text: string | null | undefined): URL | undefined {
  return text != null && URL.canParse(text) ? new URL(text) : undefined;
}
