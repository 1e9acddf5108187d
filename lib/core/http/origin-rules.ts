import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { SourceError } from '../sources/source.ts';
import { classifyAddress } from './address-class.ts';
import { redact } from './redact.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Turns a host name into all its addresses; rejects with a Node DNS error. */
export type Resolver = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolver: Resolver = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));

const trustHint = 'If that is meant, name exactly this origin with --trust-origin or in trustedOrigins.';

/** Which origins may be reached at all: https anywhere public, and what the operator trusts by name. */
export class OriginRules {
  private readonly trusted: ReadonlySet<string>;
  private readonly resolver: Resolver;

  /** @param trustedOrigins exact origins such as `http://127.0.0.1:8081`. @throws TypeError for text that is no URL. */
  constructor(trustedOrigins: readonly string[], resolver: Resolver) {
    this.trusted = new Set(trustedOrigins.map((origin) => new URL(origin).origin));
    this.resolver = resolver;
  }

  isTrusted(url: URL): boolean {
    return this.trusted.has(url.origin);
  }

  /**
   * What can be told from the URL alone: its scheme, and its address when it is a literal.
   * @throws SourceError `forbidden`.
   */
  checkUrl(url: URL): void {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new SourceError('forbidden', `${redact(url)} is neither https nor http`);
    }
    if (url.protocol === 'http:' && !this.isTrusted(url)) {
      throw new SourceError('forbidden', `${redact(url)} is plain http`, { hint: `Use https. ${trustHint}` });
    }
    const literal = bareHost(url);
    if (isIP(literal) !== 0) this.checkAddress(url, literal);
  }

  /**
   * Resolves the host once and checks every address: one bad address among good ones refuses the name, because
   * which of them a connection would take is chance. Connect to nothing but what this returns.
   * @throws SourceError `forbidden`, or the resolver's own error.
   */
  async resolve(url: URL): Promise<readonly ResolvedAddress[]> {
    const host = bareHost(url);
    const family = isIP(host);
    const addresses =
      family === 0 ? await this.resolver(host) : [{ address: host, family: family === 6 ? 6 : 4 } as const];
    for (const { address } of addresses) this.checkAddress(url, address);
    return addresses;
  }

  private checkAddress(url: URL, address: string): void {
    const kind = classifyAddress(address);
    if (kind === 'public' || (kind === 'private' && this.isTrusted(url))) return;
    const what = kind === 'never' ? 'a link-local, metadata or unusable address' : 'a private address';
    const options = kind === 'never' ? {} : { hint: trustHint };
    throw new SourceError('forbidden', `${redact(new URL(url.origin))} is at ${what}`, options);
  }
}

/** Host without port and without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
