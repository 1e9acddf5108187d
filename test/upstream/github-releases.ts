import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, plainAnswer } from './answer.ts';
import { bytesContent, type Content } from './content.ts';
import type { Upstream } from './upstream.ts';

export interface GitHubReleaseFixture {
  readonly owner: string;
  readonly repo: string;
  readonly tag: string;
  readonly assets: Readonly<Record<string, Uint8Array>>;
  /** Old releases have no digests. */
  readonly digests?: boolean;
  /** The API serves bytes itself instead of redirecting. */
  readonly direct?: boolean;
  /** 404 without a token. */
  readonly private?: boolean;
}

interface StoredAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly release: GitHubReleaseFixture;
}

/** A facade in the shape of GitHub's release API, with assets behind signed URLs of another host. */
export class GitHubReleases {
  private readonly api: Upstream;
  private readonly storage: Upstream;
  private readonly assets: StoredAsset[] = [];
  private nextId = 1000;

  constructor(api: Upstream, storage: Upstream) {
    this.api = api;
    this.storage = storage;
    api.mount((request, url) => this.answer(request, url));
    storage.mount((_request, url) => this.serve(url));
  }

  /** Publishes a release. @returns the id of each asset. */
  add(release: GitHubReleaseFixture): Readonly<Record<string, number>> {
    const ids: Record<string, number> = {};
    for (const [name, bytes] of Object.entries(release.assets)) {
      this.nextId += 1;
      ids[name] = this.nextId;
      this.assets.push({ id: this.nextId, name, bytes, release });
    }
    return ids;
  }

  /** Deletes an asset and uploads other bytes under its name, as maintainers do. @returns the new id. */
  replace(id: number, bytes: Uint8Array): number {
    const index = this.assets.findIndex((each) => each.id === id);
    const old = this.assets[index] as StoredAsset;
    this.nextId += 1;
    this.assets[index] = { ...old, id: this.nextId, bytes };
    return this.nextId;
  }

  private answer(request: IncomingMessage, url: URL): Content | Answer | undefined {
    const path = decodeURI(url.pathname);
    const tagged = /^\/repos\/([^/]+)\/([^/]+)\/releases\/tags\/([^/]+)$/.exec(path);
    if (tagged !== null) {
      const [, owner, repo, tag = ''] = tagged;
      const name = decodeURIComponent(tag);
      const found = this.assets.filter(
        ({ release }) => release.owner === owner && release.repo === repo && release.tag === name,
      );
      return found.length === 0 || hidden(found[0], request) ? notFound() : this.release(found);
    }
    const one = /^\/repos\/[^/]+\/[^/]+\/releases\/assets\/(\d+)$/.exec(path);
    if (one !== null) return this.asset(request, Number(one[1]));
    const page = /^\/[^/]+\/[^/]+\/releases\/download\/.+\/([^/]+)$/.exec(path);
    const named = page === null ? undefined : this.assets.find(({ name }) => name === page[1]);
    return named === undefined ? undefined : plainAnswer(302, '', { location: this.signed(named) });
  }

  private release(assets: readonly StoredAsset[]): Answer {
    const first = assets[0] as StoredAsset;
    return json({
      tag_name: first.release.tag,
      assets: assets.map(({ id, name, bytes, release }) => ({
        id,
        name,
        size: bytes.byteLength,
        state: 'uploaded',
        content_type: 'application/octet-stream',
        digest: release.digests === false ? null : `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
        browser_download_url: this.api.url(
          `/${release.owner}/${release.repo}/releases/download/${release.tag}/${name}`,
        ),
      })),
    });
  }

  private asset(request: IncomingMessage, id: number): Content | Answer {
    const found = this.assets.find((each) => each.id === id);
    if (found === undefined || hidden(found, request)) return notFound();
    if (request.headers.accept !== 'application/octet-stream') return json({ id, name: found.name });
    if (found.release.direct === true) return bytesContent(found.bytes);
    return plainAnswer(302, '', { location: this.signed(found) });
  }

  private signed(asset: StoredAsset): string {
    return this.storage.url(`/assets/${asset.id}?sig=secret&se=2030`);
  }

  private serve(url: URL): Content | Answer | undefined {
    const id = /^\/assets\/(\d+)$/.exec(url.pathname)?.[1];
    if (id === undefined) return undefined;
    if (url.searchParams.get('sig') !== 'secret') return plainAnswer(403, 'no signature\n');
    const found = this.assets.find((each) => each.id === Number(id));
    return found === undefined ? undefined : bytesContent(found.bytes);
  }
}

function hidden(asset: StoredAsset | undefined, request: IncomingMessage): boolean {
  return asset?.release.private === true && request.headers.authorization === undefined;
}

function notFound(): Answer {
  return plainAnswer(404, '{"message":"Not Found"}', { 'content-type': 'application/json' });
}

function json(value: unknown): Answer {
  return plainAnswer(200, JSON.stringify(value), { 'content-type': 'application/json' });
}
