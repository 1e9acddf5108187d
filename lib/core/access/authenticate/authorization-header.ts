import { refusedCredential } from './refused-credential.ts';

/** A credential told from others by its shape alone; nothing is known of whether it is good. */
export interface PresentedCredential {
  readonly kind: 'mirror-token' | 'jwt';
  readonly text: string;
}

/** Characters. A token of 8 KiB as a password, in base64, and a long user name. */
const longestHeader = 16 << 10;

/** `weighbridge_` and 32 random bytes in base64url. */
const mirrorToken = /^weighbridge_[A-Za-z0-9_-]{43}$/;

/** The compact form of a signed token, RFC 7515 §7.1; an encrypted one has five parts. */
const jwt = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * What an `Authorization` header presents: `Bearer TOKEN`, or `Basic` with the token as its password, as clients send
 * it from a netrc; the user name is not looked at.
 * @throws NotAuthorised for anything else, two credentials in one header among it
 */
export function presentedCredential(authorization: string | undefined): PresentedCredential {
  if (authorization === undefined || authorization === '') throw refusedCredential('no credential');
  if (authorization.length > longestHeader) throw refusedCredential('header too long');
  const [, scheme, value] = /^([A-Za-z]+) +([\x21-\x7e]+)$/.exec(authorization) ?? [];
  if (scheme === undefined || value === undefined) throw refusedCredential('header malformed');
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return byShape(value);
    case 'basic':
      return byShape(passwordOf(value));
    default:
      throw refusedCredential('scheme unknown');
  }
}

function byShape(text: string): PresentedCredential {
  if (mirrorToken.test(text)) return { kind: 'mirror-token', text };
  if (jwt.test(text)) return { kind: 'jwt', text };
  throw refusedCredential('neither mirror token nor JWT');
}

/** RFC 7617: all after the first colon. Node skips what is not base64, so the text must come out again as it was. */
function passwordOf(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64');
  const colon = bytes.indexOf(':');
  if (bytes.toString('base64') !== encoded || colon === -1) throw refusedCredential('basic malformed');
  return bytes.subarray(colon + 1).toString('utf8');
}
