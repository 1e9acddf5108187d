import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { redirectTarget } from '../http/redirect.ts';
import { sourceErrorFor } from '../http/status-error.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import type { GitHubAsset } from './github-release.ts';
import { LocatedObject, type Location } from './located-object.ts';
import { formatRepositorySource } from './repository-source.ts';
import { type ResolvedSource, type Source, SourceError } from './source.ts';
import type { GitHubRef } from './source-ref.ts';
import { type Withheld, withheldCredential } from './withheld-credential.ts';

export interface GitHubSourceOptions {
  readonly http: HttpClient;
  readonly expect: SourceExpectation;
  /** Fetch the bytes with the token? */
  readonly credentials: boolean;
  /** Which ones must not, where that is the reason. */
  readonly withheld?: Withheld | undefined;
  /** The assets of the release; one answer may serve all sources of it. */
  readonly release: (signal: AbortSignal) => Promise<readonly GitHubAsset[]>;
}

/** An asset of a GitHub release, bound by its id: an asset that is replaced gets another one. */
export class GitHubSource implements Source {
  readonly uri: string;
  private readonly ref: GitHubRef;
  private readonly options: GitHubSourceOptions;

  constructor(ref: GitHubRef, options: GitHubSourceOptions) {
    this.uri = formatRepositorySource(ref);
    this.ref = ref;
    this.options = options;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    const asset = this.choose(await this.options.release(signal));
    const description = {
      source: formatRepositorySource({ ...this.ref, assetId: asset.id }),
      size: asset.size,
      version: `asset ${asset.id}`,
      revision: String(asset.id),
      sha256: asset.sha256,
      mediaType: asset.mediaType,
    };
    checkDescription(description, this.options.expect);
    const { http, expect } = this.options;
    // The location is asked for at the first read: planning needs none, and each costs a request of the quota.
    const locate = (at: AbortSignal) => this.locate(asset, at);
    return new LocatedObject({ http, description, location: undefined, ranges: true, expect, locate });
  }

  private choose(assets: readonly GitHubAsset[]): GitHubAsset {
    const { asset: name, assetId } = this.ref;
    const named = assets.find((each) => each.name === name);
    const asset = assetId === undefined ? named : assets.find((each) => each.id === assetId);
    if (asset === undefined) throw this.noAsset(named);
    if (asset.name === name) return asset;
    throw new SourceError('missing', `${this.uri}: asset ${asset.id} is called ${asset.name} now`);
  }

  private noAsset(named: GitHubAsset | undefined): SourceError {
    if (named === undefined) return new SourceError('missing', `${this.uri}: the release has no such asset`);
    return new SourceError(
      'missing',
      `${this.uri}: that asset was replaced; ${named.name} has the id ${named.id} now`,
      {
        evidence: { expected: this.ref.assetId, actual: named.id },
        hint: 'Check what changed upstream, then pin the new id with weighbridge lock.',
      },
    );
  }

  /** `200` means that the API serves the bytes itself, `302` that they are behind a signed URL. */
  private async locate(asset: GitHubAsset, signal: AbortSignal): Promise<Location> {
    const { http, credentials } = this.options;
    const headers = { accept: 'application/octet-stream' };
    const url = asset.apiUrl;
    const response = await http.request({
      method: 'GET',
      url,
      headers,
      credentials,
      signal,
      followRedirects: 'same-origin',
    });
    await response.discard();
    const target = redirectTarget(response);
    if (target !== undefined) return { url: target, validator: undefined, credentials: false, signed: true };
    if (response.status === 200)
      return { url: response.url, headers, validator: undefined, credentials, signed: false };
    return this.withoutQuota(asset, response);
  }

  /** Anonymous callers have 60 API requests an hour; the page's own link has no such limit, and serves the same file. */
  private withoutQuota(asset: GitHubAsset, response: HttpResponse): Location {
    const error = sourceErrorFor(response, { source: this.uri });
    if (error.outcome === 'rate-limited' && asset.browserUrl !== undefined) {
      return { url: asset.browserUrl, validator: undefined, credentials: false, signed: true };
    }
    throw this.options.credentials ? error : withheldCredential(error, this.options.withheld ?? 'GITHUB_TOKEN', true);
  }
}
