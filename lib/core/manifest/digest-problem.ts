import { isPlaceholderDigest } from './placeholders.ts';

const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const toLock = '`weighbridge lock` obtains the digest, or remove this line';

/** What is wrong with text that should be a SHA-256; undefined for 64 hex digits that can be one. */
export function digestProblem(text: string, placeholders: readonly string[]): string | undefined {
  if (isPlaceholderDigest(text, placeholders)) return `this is a placeholder, not a digest: ${toLock}`;
  if (/^[0-9a-f]{64}$/iu.test(text)) return undefined;
  const prefixed = /^sha-?256[:=-]\s*([0-9a-f]{64})$/iu.exec(text);
  if (prefixed !== null) return 'write the 64 hex digits alone, without the prefix';
  if (/^(?:sha256[:=-])?[A-Za-z0-9+/_-]{43}=?$/u.test(text))
    return 'this looks like base64; write the SHA-256 as 64 hex digits';
  if (!/^[0-9a-f]+$/iu.test(text)) return `a SHA-256 is 64 hex digits (0-9, a-f): ${toLock}`;
  const other = new Map([
    [32, 'an MD5'],
    [40, 'a SHA-1'],
    [96, 'a SHA-384'],
    [128, 'a SHA-512'],
  ]).get(text.length);
  const found =
    other === undefined
      ? `these are ${text.length} hex digits`
      : `this looks like ${other} (${text.length} hex digits)`;
  return `${found}; a SHA-256 has 64: ${toLock}`;
}

/** Is this the digest of no bytes at all, although bytes are expected (or the other way round)? */
export function digestContradictsSize(hex: string, size: number | undefined): string | undefined {
  const empty = hex.toLowerCase() === emptyDigest;
  if (empty && size !== undefined && size > 0)
    return `this is the SHA-256 of an empty file, but the size is ${size}: ${toLock}`;
  if (!empty && size === 0) return 'the size is 0, but this is not the SHA-256 of an empty file';
  return undefined;
}
