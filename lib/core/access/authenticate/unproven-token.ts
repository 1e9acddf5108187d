import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose';
import { refusedCredential } from './refused-credential.ts';

/** Bytes. Tokens of CI systems have about 2 KiB. */
const longestToken = 8 << 10;

/**
 * Signatures by a private key only: with HS256 whoever knows the public key could sign, with `none` anybody.
 * `Ed25519` is the newer name of `EdDSA` (RFC 9864).
 */
export const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** A token made for another purpose, such as one that ends a session, must not open this door (RFC 8725 §3.11). */
const types = new Set(['jwt', 'application/jwt', 'at+jwt', 'application/at+jwt']);

/** What a token says of itself. Nothing of it is proven: it serves to find out whether to look for a key at all. */
export interface UnprovenToken {
  readonly header: ProtectedHeaderParameters & { readonly alg: string };
  readonly claims: JWTPayload;
}

/**
 * Reads a token without believing it. Keys and their addresses in its header (`jwk`, `jku`, `x5u`, `x5c`) are not
 * looked at, here or later.
 * @throws NotAuthorised for one that could not be taken whoever signed it
 */
export function readUnprovenToken(token: string): UnprovenToken {
  if (token.length > longestToken) throw refusedCredential('token too long');
  const { header, claims } = decode(token);
  const { alg, typ, kid } = header;
  if (alg === undefined || !algorithms.some((taken) => taken === alg)) throw refusedCredential('algorithm not taken');
  if (typ !== undefined && !(typeof typ === 'string' && types.has(typ.toLowerCase()))) {
    throw refusedCredential('token type not taken');
  }
  if ('crit' in header || 'b64' in header) throw refusedCredential('extension not taken');
  if (kid !== undefined && typeof kid !== 'string') throw refusedCredential('token malformed');
  return { header: { ...header, alg }, claims };
}

function decode(token: string): { readonly header: ProtectedHeaderParameters; readonly claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch {
    // The library's words quote the token.
    throw refusedCredential('token malformed');
  }
}
