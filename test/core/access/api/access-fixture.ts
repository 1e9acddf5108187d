import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AccessPolicy, Grant } from '../../../../lib/core/access/access-policy.ts';
import type { AccessDecision, AccessStore, SignedObject, UrlSigner } from '../../../../lib/core/access/access-ports.ts';
import { type AccessBindings, type AccessPorts, accessApp } from '../../../../lib/core/access/api/access-app.ts';
import { createAuthenticator } from '../../../../lib/core/access/authenticate/create-authenticator.ts';
import { newMirrorToken, tokenDigest } from '../../../../lib/core/access/policy/mirror-token.ts';
import { createHttpClient } from '../../../../lib/core/http/create-http-client.ts';
import type { MirrorReader } from '../../../../lib/core/mirror/mirror-reader.ts';
import { type FixtureRelease, layOutMirror } from '../../../fixtures/mirror.ts';
import { readerOf } from '../../../fixtures/open-store-mirror.ts';
import { HeldClock } from '../local/held-clock.ts';

/** Of the principal `farm`. */
export const token = newMirrorToken();
/** Of the principal `stranger`, whom no grant names. */
export const strangersToken = newMirrorToken();
export const bearer = { authorization: `Bearer ${token}` };

export function grant(parts: Partial<Grant> = {}): Grant {
  return {
    name: 'weights',
    to: ['farm'],
    collections: ['weights'],
    versions: null,
    prereleases: false,
    tags: null,
    files: null,
    maximumLifetime: 900,
    ...parts,
  };
}

export function policyWith(...grants: readonly Grant[]): AccessPolicy {
  const tokens = (text: string) => ({
    kind: 'tokens' as const,
    tokens: [{ sha256: tokenDigest(text), expires: '2099-01-01' }],
  });
  return {
    issuers: {},
    principals: {
      farm: tokens(token),
      stranger: tokens(strangersToken),
      lab: { kind: 'aws', arns: ['210987654321'] },
    },
    grants,
  };
}

/** A reader that tells of every request. */
export function watched(reader: MirrorReader, seen: string[], fault?: () => Error | undefined): MirrorReader {
  const note = (request: string) => {
    seen.push(request);
    const error = fault?.();
    if (error !== undefined) throw error;
  };
  return {
    ...{ url: reader.url, remote: reader.remote, list: undefined, foreign: undefined },
    async head(key, signal) {
      note(`head ${key}`);
      return await reader.head(key, signal);
    },
    async open(key, options) {
      note(`open ${key}`);
      return await reader.open(key, options);
    },
  };
}

/** Signs by writing down what was signed. */
export class WritingSigner implements UrlSigner {
  readonly prepared: number[] = [];
  readonly signed: SignedObject[] = [];
  fault: Error | undefined;
  readonly #clock: HeldClock;
  /** Seconds that the credentials have. */
  readonly #life: number;

  constructor(clock: HeldClock, life = 3600) {
    this.#clock = clock;
    this.#life = life;
  }

  async prepare(seconds: number) {
    this.prepared.push(seconds);
    if (this.fault !== undefined) throw this.fault;
    const expiresAt = new Date(this.#clock.now().getTime() + Math.min(seconds, this.#life) * 1000);
    return {
      expiresAt,
      sign: async (object: SignedObject) => {
        this.signed.push(object);
        const key = object.key.split('/').map(encodeURIComponent).join('/');
        return `https://store.example/${key}?version=${object.version ?? object.etag}&signature=secret`;
      },
    };
  }
}

export interface AccessFixture {
  readonly root: string;
  readonly app: ReturnType<typeof accessApp>;
  readonly clock: HeldClock;
  readonly signer: WritingSigner;
  readonly audit: AccessDecision[];
  /** Requests to the first store. */
  readonly requests: string[];
  policy: AccessPolicy | undefined;
  /** What asking for the policy throws. */
  policyFault: Error | undefined;
  /** What asking the first store throws. */
  storeFault: Error | undefined;
  get(target: string, more?: AskOptions): Promise<Response>;
  urls(body: unknown, more?: AskOptions): Promise<Response>;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  readonly bindings?: AccessBindings;
}

export interface AccessFixtureOptions {
  readonly releases?: readonly FixtureRelease[];
  /** Of a mirror that was laid out already. */
  readonly root?: string;
  readonly policy?: AccessPolicy;
  readonly ports?: Partial<AccessPorts>;
  readonly kind?: AccessStore['kind'];
  readonly more?: (fixture: AccessFixture) => readonly AccessStore[];
  readonly life?: number;
}

export const usualReleases: readonly FixtureRelease[] = [
  { collection: 'weights', version: '1.0.0', files: { 'sub/a b.bin': 'first', 'config.json': '{}' } },
  { collection: 'weights', version: '1.1.0', files: { 'sub/a b.bin': 'second', 'ünï.bin': 'u' } },
  { collection: 'weights', version: '2.0.0', files: { 'sub/a b.bin': 'third' } },
  { collection: 'secret', version: '1.0.0', files: { 'model.bin': 'secret' } },
];

/** The usual releases, for all tests of a file. */
export async function laidOut(releases: readonly FixtureRelease[] = usualReleases) {
  const root = await mkdtemp(join(tmpdir(), 'weighbridge-test-'));
  await layOutMirror(releases, { access: 'private', root });
  return { root, clean: () => rm(root, { recursive: true, force: true }) };
}

/** The application over a mirror in a folder, with mirror tokens; everything but the signer is what it is in use. */
export async function accessFixture(options: AccessFixtureOptions = {}): Promise<AccessFixture> {
  const root = options.root ?? (await layOutMirror(options.releases ?? usualReleases, { access: 'private' })).root;
  const clock = new HeldClock();
  const signer = new WritingSigner(clock, options.life);
  const http = createHttpClient({ userAgent: 'weighbridge/test' });
  onTestFinished(() => http.close());
  const fixture: AccessFixture = {
    ...{ root, clock, signer, audit: [], requests: [] },
    get app() {
      return app;
    },
    policy: options.policy ?? policyWith(grant()),
    policyFault: undefined,
    storeFault: undefined,
    async get(target, { method = 'GET', headers = bearer, body, bindings } = {}) {
      const stream = body instanceof ReadableStream ? { duplex: 'half' as const } : {};
      const init: RequestInit = { method, headers, ...(body === undefined ? {} : { body }), ...stream };
      return await app.fetch(new Request(new URL(target, 'http://api.example'), init), { target, ...bindings });
    },
    async urls(body, more = {}) {
      return await fixture.get('/v1/urls', {
        ...{ method: 'POST', headers: { ...bearer, 'content-type': 'application/json' } },
        body: JSON.stringify(body),
        ...more,
      });
    },
  };
  const reader = watched(readerOf(root), fixture.requests, () => fixture.storeFault);
  let requests = 0;
  const app = accessApp({
    policies: {
      async current() {
        if (fixture.policyFault !== undefined) throw fixture.policyFault;
        return fixture.policy === undefined ? undefined : { policy: fixture.policy, etag: 'policy' };
      },
    },
    authenticator: createAuthenticator({ http, clock }),
    stores: [{ kind: options.kind ?? 'directory', reader, signer }, ...(options.more?.(fixture) ?? [])],
    audit: { record: (decision) => fixture.audit.push(decision) },
    clock,
    newRequestId: () => {
      requests += 1;
      return `request-${requests}`;
    },
    ...options.ports,
  });
  return fixture;
}

/** The body as JSON, whose form the test knows. */
// biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
export async function jsonOf(response: Response): Promise<any> {
  return await response.json();
}

/** All that a caller sees of an answer. */
export async function seen(response: Response) {
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}
