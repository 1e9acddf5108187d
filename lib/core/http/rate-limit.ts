/** The part of a response that says how long to wait. */
export interface HeaderLookup {
  header(name: string): string | undefined;
}

/** Longer than any window that a known upstream has; what lies above is a mistake or an attempt to hold us. */
const longest = 24 * 3600;

/**
 * Seconds to wait that a response asks for; undefined when it does not say. Looks at `Retry-After` (seconds or a
 * date, RFC 9110 §10.2.3), `RateLimit: "name";r=0;t=120` (Hugging Face; one second is added, as its own client does)
 * and GitHub's `X-RateLimit-Reset`, and takes the longest.
 * @param now for dates.
 */
export function waitFor(response: HeaderLookup, now: Date): number | undefined {
  const waits = [retryAfter(response, now), rateLimit(response), gitHubReset(response, now)];
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? undefined : Math.min(longest, Math.max(0, ...known));
}

/** Does the response say that a quota is used up? GitHub tells that with 403 as well as 429. */
export function quotaUsedUp(response: HeaderLookup): boolean {
  return (
    response.header('x-ratelimit-remaining') === '0' ||
    /(?:^|;)\s*r=0(?:;|,|$)/.test(response.header('ratelimit') ?? '')
  );
}

function retryAfter(response: HeaderLookup, now: Date): number | undefined {
  const value = response.header('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now.getTime()) / 1000));
}

function rateLimit(response: HeaderLookup): number | undefined {
  const value = response.header('ratelimit');
  if (value === undefined) return undefined;
  // Several policies may be listed; only one that is used up makes us wait.
  const waits = value.split(',').flatMap((policy) => {
    const seconds = /;\s*t=(\d{1,9})(?:;|\s|$)/.exec(policy)?.[1];
    const remaining = /;\s*r=(\d+)(?:;|\s|$)/.exec(policy)?.[1];
    return seconds === undefined || (remaining !== undefined && remaining !== '0') ? [] : [Number(seconds) + 1];
  });
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function gitHubReset(response: HeaderLookup, now: Date): number | undefined {
  const reset = response.header('x-ratelimit-reset');
  if (reset === undefined || !/^\d{1,12}$/.test(reset) || response.header('x-ratelimit-remaining') !== '0')
    return undefined;
  return Math.max(0, Math.ceil(Number(reset) - now.getTime() / 1000)) + 1;
}
