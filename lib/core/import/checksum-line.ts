/** One line of a list of checksums. */
export interface ChecksumLine {
  /** As the list says it, escapes resolved. */
  readonly name: string;
  /** Lowercase, such as `sha256` or `md5`. */
  readonly algorithm: string;
  /** Lowercase hex. */
  readonly digest: string;
}

/** GNU coreutils: `DIGEST  name`, `DIGEST *name`; a backslash before it says that the name has escapes. */
const gnu = /^(\\?)([0-9A-Fa-f]{32,128}) [ *](.+)$/su;
/** BSD, `sha256sum --tag` and openssl: `SHA256 (name) = DIGEST`, `SHA2-256(name)= DIGEST`. */
const bsd = /^(\\?)([A-Za-z][A-Za-z0-9/-]{1,20}) ?\((.+)\) ?= ([0-9A-Fa-f]{32,128})$/su;

const byLength: Readonly<Record<number, string>> = {
  32: 'md5',
  40: 'sha1',
  56: 'sha224',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

/** Longer than any path with its digest: such a line is not looked at. */
const longestLine = 16 * 1024;

/** Reads a line without its line break; undefined for what is none of the known forms. */
export function parseChecksumLine(line: string): ChecksumLine | undefined {
  if (line.length > longestLine) return undefined;
  const tagged = bsd.exec(line);
  if (tagged !== null) {
    const [, escaped, algorithm = '', name = '', digest = ''] = tagged;
    return { name: nameOf(name, escaped), algorithm: plainAlgorithm(algorithm), digest: digest.toLowerCase() };
  }
  const [, escaped, digest = '', name = ''] = gnu.exec(line) ?? [];
  const algorithm = byLength[digest.length];
  if (algorithm === undefined) return undefined;
  return { name: nameOf(name, escaped), algorithm, digest: digest.toLowerCase() };
}

/** Lists are made by `find . -type f`, so names often begin with `./`. */
function nameOf(written: string, escaped: string | undefined): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\\': '\\' };
  const name = escaped === '\\' ? written.replace(/\\([nr\\])/gu, (_, code: string) => escapes[code] ?? '') : written;
  return name.replace(/^(?:\.\/+)+/u, '');
}

function plainAlgorithm(name: string): string {
  const lower = name.toLowerCase().replace(/^sha2-/, 'sha');
  return /^sha-?(?:224|256|384|512)$/.test(lower) ? lower.replace('-', '') : lower;
}
