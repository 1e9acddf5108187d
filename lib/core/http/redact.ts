/**
 * Query parameters that name a version and grant nothing. All others are cut: a new kind of signature is
 * secret too, and so may an `id` be, as in links that are shared.
 */
const harmless = new Set(['versionid', 'generation']);

/**
 * A URL as messages and records may show it: no userinfo, no fragment, and of the query only parameters that are
 * known to be harmless.
 */
export function redact(url: URL): string {
  const kept = [...url.searchParams].filter(([name, value]) => harmless.has(name.toLowerCase()) && isPlain(value));
  const query = kept.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const origin = url.host === '' ? url.protocol : `${url.protocol}//${url.host}`;
  return `${origin}${url.pathname}${query === '' ? '' : `?${query}`}`;
}

/** Versions are short words; a value that looks like anything longer is not shown. */
function isPlain(value: string): boolean {
  return /^[A-Za-z0-9._-]{1,128}$/.test(value);
}
