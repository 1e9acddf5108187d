import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A repository at a commit. */
export interface HubFile {
  readonly bytes: Uint8Array;
  /** In LFS: the Hub publishes its SHA-256. */
  readonly lfs: boolean;
}

export interface HubAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly digest: boolean;
}

export const commit = '0efe1d93cfd4d9461edc66f8b776b3531fe624e5';

/**
 * What Hugging Face, the API of GitHub and any other web server answer about files, as far as locking asks, from one
 * port: repository acme/tiny at branch main, release v1 of acme/models, and plain files by path.
 */
export class HubServer {
  readonly repository = new Map<string, HubFile>();
  readonly assets: HubAsset[] = [];
  readonly plain = new Map<string, Uint8Array>();
  /** `METHOD path`, in the order of arrival. */
  readonly requests: string[] = [];
  /** Requests to these paths fail with 503 that many times. */
  readonly failures = new Map<string, number>();
  /** What is served instead of a file's true bytes. */
  readonly substitutes = new Map<string, Uint8Array>();
  private readonly server = createServer((request, response) => this.answer(request, response));

  async start(): Promise<URL> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new URL(`http://127.0.0.1:${address.port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** How often something whose path begins like this was asked for. */
  count(method: string, prefix: string): number {
    return this.requests.filter((line) => line.startsWith(`${method} ${prefix}`)).length;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent((request.url ?? '').replace(/\?.*$/, ''));
    this.requests.push(`${request.method} ${path}`);
    const failing = this.failures.get(path) ?? 0;
    if (failing > 0) {
      this.failures.set(path, failing - 1);
      response.writeHead(503).end();
      return;
    }
    const json = this.json(path, request.headers.accept);
    if (json !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(json));
    else this.file(path, request, response);
  }

  private json(path: string, accept: string | undefined): unknown {
    if (/^\/api\/models\/acme\/tiny\/revision\/(?:main|v1)$/.test(path)) return { sha: commit };
    if (path === `/api/models/acme/tiny/tree/${commit}`) {
      return [...this.repository].map(([file, { bytes, lfs }]) => ({
        type: 'file',
        path: file,
        size: bytes.length,
        oid: gitBlob(bytes),
        ...(lfs ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } } : {}),
      }));
    }
    if (path === '/repos/acme/models/releases/tags/v1' && accept?.includes('json') === true) {
      const assets = this.assets.map(({ id, name, bytes, digest }) => ({
        ...{ id, name, size: bytes.length, state: 'uploaded' },
        digest: digest ? `sha256:${sha256(bytes)}` : null,
      }));
      return { tag_name: 'v1', assets };
    }
    return undefined;
  }

  private file(path: string, request: IncomingMessage, response: ServerResponse): void {
    const [, revision, name] = /^\/acme\/tiny\/resolve\/([^/]+)\/(.*)$/.exec(path) ?? [];
    const hub = name === undefined ? undefined : this.repository.get(name);
    const asset = this.assets.find(({ id }) => path === `/repos/acme/models/releases/assets/${id}`);
    const bytes = hub?.bytes ?? asset?.bytes ?? this.plain.get(path);
    if (bytes === undefined) {
      response.writeHead(404, { 'x-error-code': revision === undefined ? '' : 'EntryNotFound' }).end();
      return;
    }
    const etag = hub === undefined || hub.lfs ? sha256(bytes) : gitBlob(bytes);
    if (hub !== undefined) {
      response.setHeader('x-repo-commit', commit).setHeader('x-linked-size', bytes.length);
      response.setHeader('x-linked-etag', `"${etag}"`);
    }
    response.setHeader('etag', hub === undefined ? `"${etag.slice(0, 20)}"` : `"${etag}"`);
    const body = this.substitutes.get(path) ?? bytes;
    response.setHeader('content-type', 'application/octet-stream').setHeader('content-length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function gitBlob(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
