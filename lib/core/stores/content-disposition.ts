/** Characters that RFC 5987 allows unencoded in `ext-value`, less those that `encodeURIComponent` keeps beyond them. */
const beyond = /[!'()*]/g;

/**
 * `attachment` under this name (RFC 6266). The name is cut to its last segment; quotes, controls and what is not
 * ASCII are replaced in the plain form, and kept in the encoded one. `undefined` where nothing is left of it.
 */
export function attachmentNamed(fileName: string): string | undefined {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .trim();
  if (clean === '' || clean === '.' || clean === '..') return undefined;
  const plain = clean.replaceAll(/[^\x20-\x7e]|["%\\]/g, '_');
  if (plain === clean) return `attachment; filename="${plain}"`;
  const encoded = encodeURIComponent(clean).replaceAll(
    beyond,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
