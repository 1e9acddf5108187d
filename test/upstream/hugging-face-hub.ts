import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, plainAnswer } from './answer.ts';
import { bytesContent, type Content } from './content.ts';
import type { Upstream } from './upstream.ts';

export interface HubRepository {
  /** `owner/name`. */
  readonly repo: string;
  readonly type?: 'models' | 'datasets' | 'spaces';
  /** Files by path; those of 1 KiB and more are in LFS unless `lfs` says otherwise. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly lfs?: (path: string, bytes: Uint8Array) => boolean;
  /** Branches and tags that point to this commit; `main` by default. */
  readonly refs?: readonly string[];
  /** Files need a token (any); without one the Hub says GatedRepo. */
  readonly gated?: boolean;
  /** Nothing is there without a token. */
  readonly private?: boolean;
}

interface Stored extends HubRepository {
  readonly commit: string;
}

/** Files a page of the tree API. */
const pageSize = 2;

/**
 * A facade in the shape of the Hugging Face Hub's read API: revision, paged tree, resolve with relative redirects
 * for small files and signed redirects to another host for LFS files. Signed URLs can be made to expire.
 */
export class HuggingFaceHub {
  private readonly cdn: Upstream;
  private readonly repositories: Stored[] = [];
  private readonly blobs = new Map<string, Uint8Array>();
  private signature = 1;

  /** @param cdn another server, so another origin. */
  constructor(api: Upstream, cdn: Upstream) {
    this.cdn = cdn;
    api.mount((request, url) => this.answer(request, url));
    cdn.mount((_request, url) => this.serveBlob(url));
  }

  /** Makes a commit of these files. @returns its 40 hex digits. */
  add(repository: HubRepository): string {
    const hash = createHash('sha1');
    for (const [path, bytes] of Object.entries(repository.files)) hash.update(path).update(bytes);
    const commit = hash.digest('hex');
    this.repositories.unshift({ ...repository, commit });
    return commit;
  }

  /** Signed URLs given out so far are refused from now on. */
  expireSignedUrls(): void {
    this.signature += 1;
  }

  private answer(request: IncomingMessage, url: URL): Content | Answer | undefined {
    const path = decodeURI(url.pathname);
    const api = /^\/api\/(models|datasets|spaces)\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(path);
    if (api !== null) return this.answerApi(request, url, api as unknown as string[]);
    const cached = /^\/api\/resolve-cache\/([0-9a-f]{40})$/.exec(path);
    if (cached !== null) return this.serveSmall(cached[1] as string);
    const file = /^\/(?:(datasets|spaces)\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    if (file === null) return undefined;
    const [, type = 'models', repo = '', revision = '', name = ''] = file;
    return this.resolveFile(request, this.find(type, repo, decodeURIComponent(revision)), decodeURIComponent(name));
  }

  private answerApi(request: IncomingMessage, url: URL, match: string[]): Answer {
    const [, type = '', repo = '', call, revision = ''] = match;
    const found = this.find(type, repo, decodeURIComponent(revision));
    if (typeof found === 'string' || hidden(found, request)) return hubError(found);
    if (call === 'revision') return json({ id: repo, sha: found.commit, siblings: [] });
    const page = Number(url.searchParams.get('cursor') ?? 0);
    const all = Object.entries(found.files).map(([path, bytes]) => treeEntry(path, bytes, isLfs(found, path, bytes)));
    const listed = [{ type: 'directory', path: 'folder', size: 0, oid: '0'.repeat(40) }, ...all];
    url.searchParams.set('cursor', String(page + 1));
    const link = `<${url.href}>; rel="next"`;
    const more: Record<string, string> = listed.length > (page + 1) * pageSize ? { link } : {};
    return json(listed.slice(page * pageSize, (page + 1) * pageSize), more);
  }

  private resolveFile(request: IncomingMessage, found: Stored | string, path: string): Answer {
    if (typeof found === 'string' || hidden(found, request)) return hubError(found);
    if (found.gated === true && request.headers.authorization === undefined) return hubError('GatedRepo', 401);
    const bytes = found.files[path];
    const commit = { 'x-repo-commit': found.commit };
    if (bytes === undefined) return hubError('EntryNotFound', 404, commit);
    const linked = { ...commit, 'x-linked-size': String(bytes.byteLength) };
    if (isLfs(found, path, bytes)) {
      const oid = sha256(bytes);
      this.blobs.set(oid, bytes);
      const location = this.cdn.url(`/xet/${oid}?X-Amz-Signature=secret${this.signature}&Expires=1`);
      return plainAnswer(302, '', { ...linked, 'x-linked-etag': `"${oid}"`, location });
    }
    const oid = gitBlob(bytes);
    this.blobs.set(oid, bytes);
    return plainAnswer(307, '', { ...linked, 'x-linked-etag': `"${oid}"`, location: `/api/resolve-cache/${oid}` });
  }

  private serveSmall(oid: string): Content | undefined {
    const bytes = this.blobs.get(oid);
    return bytes === undefined ? undefined : bytesContent(bytes, { etag: `"${oid}"`, mediaType: 'text/plain' });
  }

  private serveBlob(url: URL): Content | Answer | undefined {
    const oid = /^\/xet\/([0-9a-f]{64})$/.exec(url.pathname)?.[1];
    if (oid === undefined) return undefined;
    if (url.searchParams.get('X-Amz-Signature') !== `secret${this.signature}`) return plainAnswer(403, 'expired\n');
    const bytes = this.blobs.get(oid);
    return bytes === undefined ? undefined : bytesContent(bytes);
  }

  private find(type: string, repo: string, revision: string): Stored | 'RepoNotFound' | 'RevisionNotFound' {
    const named = this.repositories.filter((each) => (each.type ?? 'models') === type && each.repo === repo);
    if (named.length === 0) return 'RepoNotFound';
    const found = named.find((each) => each.commit === revision || (each.refs ?? ['main']).includes(revision));
    return found ?? 'RevisionNotFound';
  }
}

function isLfs(repository: HubRepository, path: string, bytes: Uint8Array): boolean {
  return repository.lfs?.(path, bytes) ?? bytes.byteLength >= 1024;
}

function hidden(repository: HubRepository, request: IncomingMessage): boolean {
  return repository.private === true && request.headers.authorization === undefined;
}

/** The Hub answers 401 for what may exist but is not to be seen. */
function hubError(code: Stored | string, status?: number, headers: Record<string, string> = {}): Answer {
  const name = typeof code === 'string' ? code : 'RepoNotFound';
  const message = { 'x-error-code': name, 'x-error-message': `${name} (test hub)` };
  return plainAnswer(status ?? (name === 'RepoNotFound' ? 401 : 404), `${name}\n`, { ...headers, ...message });
}

function treeEntry(path: string, bytes: Uint8Array, lfs: boolean) {
  const entry = { type: 'file', oid: gitBlob(bytes), size: bytes.byteLength, path };
  return lfs ? { ...entry, lfs: { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 134 } } : entry;
}

function json(value: unknown, headers: Record<string, string> = {}): Answer {
  return plainAnswer(200, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function gitBlob(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
}
