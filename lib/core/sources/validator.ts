/** What tells one version of a resource from another, as its response headers say. */
export interface Validator {
  /** `etag`: strong, byte for byte the same. `weak`: an ETag for comparison only. `modified`: a date. */
  readonly kind: 'etag' | 'weak' | 'modified';
  /** The header's value, quotes included. */
  readonly value: string;
}

/** Strong ETag, else a weak one, else Last-Modified, else none. */
export function validatorOf(response: { header(name: string): string | undefined }): Validator | undefined {
  const etag = response.header('etag')?.trim();
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return { kind: 'etag', value: etag };
  if (etag !== undefined && /^W\/"[^"]*"$/.test(etag)) return { kind: 'weak', value: etag };
  const modified = response.header('last-modified')?.trim();
  return modified === undefined || modified === '' ? undefined : { kind: 'modified', value: modified };
}

/** Request headers that bind a read to a version (RFC 9110 §13.1): a server that knows them answers 412. */
export function bindingHeaders(validator: Validator | undefined): Readonly<Record<string, string>> {
  if (validator?.kind === 'etag') return { 'if-match': validator.value };
  if (validator?.kind === 'modified') return { 'if-unmodified-since': validator.value };
  return {};
}

/** Does a response carry another version than `validator`? A header that is absent says nothing. */
export function contradicts(
  validator: Validator | undefined,
  response: { header(name: string): string | undefined },
): boolean {
  if (validator === undefined) return false;
  const value = response.header(validator.kind === 'modified' ? 'last-modified' : 'etag')?.trim();
  return value !== undefined && value !== '' && value !== validator.value;
}

/** As descriptions carry it; undefined where there is none. */
export function versionText(validator: Validator | undefined): string | undefined {
  return validator?.value;
}
