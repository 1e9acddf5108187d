import { InvalidArgumentError } from 'commander';

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

const secondUnits: Readonly<Record<string, number>> = { '': 1, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** A whole number of at least one. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError('Expected a whole number of at least 1.');
  }
  return count;
}

/** Bytes of `8388608`, `8MiB`, `8M` (both binary) or `8MB` (decimal). */
export function parseBytes(text: string): number {
  const bytes = Math.round(scaled(text, byteUnits) ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new InvalidArgumentError('Expected an amount such as 8388608, 8MiB or 2GB.');
  }
  return bytes;
}

/** Seconds of `90`, `90s`, `15m`, `2h` or `1d`. */
export function parseSeconds(text: string): number {
  const seconds = scaled(text, secondUnits);
  if (seconds === undefined || seconds <= 0) {
    throw new InvalidArgumentError('Expected a time such as 90, 90s, 15m or 2h.');
  }
  return seconds;
}

/** A TCP port; 0 lets the system choose one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}

/** Exactly a scheme, a host and a port. */
export function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const http = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !http || (text !== url.origin && text !== `${url.origin}/`)) {
    throw new InvalidArgumentError('Expected an origin such as http://127.0.0.1:8081, without a path.');
  }
  return url.origin;
}

/** Where a server is reached, with a slash at its end. */
export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const http = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !http || url.username + url.password + url.search + url.hash !== '') {
    throw new InvalidArgumentError('Expected an address such as https://weights.example.org, without user or query.');
  }
  return url.href.replace(/\/*$/, '/');
}

/** For options that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

function scaled(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = units[match?.[2]?.toLowerCase() ?? '?'];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** Who may read a release. */
export function parseAccess(text: string): 'public' | 'private' {
  if (text !== 'public' && text !== 'private') throw new InvalidArgumentError('Expected public or private.');
  return text;
}
