import { createHash, createVerify } from 'node:crypto';
import { ApiError } from './api-error.ts';

/** A service account whose signatures count. */
export interface SigningAccount {
  readonly clientEmail: string;
  /** PEM. */
  readonly publicKey: string;
}

const denied = (why: string) => new ApiError(403, 'forbidden', `SignatureDoesNotMatch or access denied: ${why}`);

/**
 * Checks a V4 signature (https://cloud.google.com/storage/docs/authentication/canonical-requests).
 * @param path As it was sent, still encoded.
 * @throws ApiError 403, or 400 for a URL that expired.
 */
export function checkSignature(
  method: string,
  path: string,
  query: URLSearchParams,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  accounts: readonly SigningAccount[],
  now: Date,
): void {
  const get = (name: string) => query.get(`X-Goog-${name}`) ?? '';
  if (get('Algorithm') !== 'GOOG4-RSA-SHA256') throw denied('anonymous');
  const [email, ...scope] = get('Credential').split('/');
  const account = accounts.find(({ clientEmail }) => clientEmail === email);
  if (account === undefined) throw denied('unknown account');
  const date = parseDate(get('Date'));
  const expires = Number(get('Expires'));
  if (!(expires >= 1 && expires <= 7 * 24 * 3600)) throw new ApiError(400, 'invalid', 'InvalidExpires');
  const age = (now.getTime() - date.getTime()) / 1000;
  if (age > expires) throw new ApiError(400, 'expired', 'ExpiredToken');
  if (age < -15 * 60) throw denied('not yet valid');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Goog-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const signed = get('SignedHeaders').split(';');
  if (!signed.includes('host')) throw denied('host is not signed');
  const canonicalHeaders = signed
    .map((name) => {
      const value = String(headers[name] ?? '').trim();
      // Clients sign the name of the host without the port of a test server.
      return `${name}:${name === 'host' ? value.replace(/:\d+$/, '') : value}\n`;
    })
    .join('');
  const canonical = [method, path, canonicalQuery, canonicalHeaders, signed.join(';'), 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['GOOG4-RSA-SHA256', get('Date'), scope.join('/'), digest].join('\n');
  const verify = createVerify('RSA-SHA256').update(text);
  if (!verify.verify(account.publicKey, Buffer.from(get('Signature'), 'hex'))) throw denied('wrong signature');
}

function parseDate(text: string): Date {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw denied('no date');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}
