import { SourceError } from '../sources/source.ts';
import type { HttpHop } from './http-client.ts';
import { redact } from './redact.ts';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Where a response redirects to; undefined when it does not. Userinfo in it is dropped: credentials come from
 * configuration only.
 * @throws SourceError for a target that is no URL.
 */
export function redirectTarget(response: HttpHop): URL | undefined {
  const location = response.header('location');
  if (!redirectStatuses.has(response.status) || location === undefined) return undefined;
  if (!URL.canParse(location, response.url.href)) {
    throw new SourceError('broken', `${redact(response.url)} redirects to something that is no URL`);
  }
  const target = new URL(location, response.url);
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}

/** Follows the chain of one request: counts it, and names a loop instead of running round in it. */
export class RedirectChain {
  private readonly seen: Set<string>;
  private readonly start: URL;
  private readonly limit: number;

  constructor(start: URL, limit: number) {
    this.start = start;
    this.limit = limit;
    this.seen = new Set([start.href]);
  }

  /** @throws SourceError `broken` for a loop or a chain that is too long; trying again would not help. */
  add(target: URL): void {
    if (this.seen.has(target.href)) {
      throw new SourceError('broken', `${redact(this.start)} redirects in a loop (at ${redact(target)})`);
    }
    if (this.seen.size > this.limit) {
      throw new SourceError('broken', `${redact(this.start)} redirects more than ${this.limit} times`);
    }
    this.seen.add(target.href);
  }
}
