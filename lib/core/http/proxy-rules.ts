import ipaddr from 'ipaddr.js';
import { bareHost } from './origin-rules.ts';

export interface ProxyOptions {
  /** Proxy for `https:` targets, reached by CONNECT. Userinfo becomes Proxy-Authorization. */
  readonly https?: URL | undefined;
  /** Proxy for `http:` targets. */
  readonly http?: URL | undefined;
  /** `NO_PROXY` as written: hosts, `.suffixes`, `host:port`, addresses, CIDR ranges, or `*`, separated by commas. */
  readonly noProxy?: string | undefined;
}

/**
 * The proxy for a URL; undefined to go straight. `localhost` and loopback addresses always go straight, as in Go's
 * `net/http`: a proxy cannot reach this machine's own servers.
 */
export function proxyFor(url: URL, options: ProxyOptions): URL | undefined {
  const proxy = url.protocol === 'https:' ? options.https : options.http;
  if (proxy === undefined || isLoopback(url) || isExempt(url, options.noProxy ?? '')) return undefined;
  return proxy;
}

function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}

function isExempt(url: URL, list: string): boolean {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && matches(url, entry));
}

/** Rules of curl and Go together: `example.org` and `.example.org` both cover the name's subdomains. */
function matches(url: URL, entry: string): boolean {
  if (entry === '*') return true;
  const host = bareHost(url);
  if (ipaddr.isValid(host)) return matchesAddress(host, url, entry);
  const [name = '', port] = entry.split(':');
  if (port !== undefined && port !== portOf(url)) return false;
  const suffix = name.replace(/^\*?\.?/, '');
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

function matchesAddress(host: string, url: URL, entry: string): boolean {
  const address = ipaddr.process(host);
  if (ipaddr.isValidCIDR(entry)) {
    const [network, bits] = ipaddr.parseCIDR(entry);
    return network.kind() === address.kind() && address.match([network, bits]);
  }
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  const [literal = '', port] = bracketed
    ? [bracketed[1], bracketed[2]]
    : ipaddr.isValid(entry)
      ? [entry]
      : entry.split(':');
  if (port !== undefined && port !== portOf(url)) return false;
  return ipaddr.isValid(literal) && ipaddr.process(literal).toNormalizedString() === address.toNormalizedString();
}

function portOf(url: URL): string {
  return url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
}
