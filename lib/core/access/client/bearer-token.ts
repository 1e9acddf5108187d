import { NotAuthorised } from '../../errors.ts';
import type { AccessCredentials } from './access-credentials.ts';

/** Bytes of a token at most: identity providers stay below 8 KiB, and servers refuse longer headers. */
export const longestToken = 16 * 1024;

/** A token that is the same for the whole run. */
export class BearerToken implements AccessCredentials {
  readonly kind: string;
  readonly #token: string;

  /**
   * @param kind such as `the token of WEIGHBRIDGE_TOKEN`
   * @throws NotAuthorised for what no header can hold; the value is not shown
   */
  constructor(kind: string, token: string) {
    this.kind = kind;
    this.#token = checkToken(token, kind);
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    return bearer(this.#token);
  }

  async renew(): Promise<boolean> {
    return false;
  }
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

/** @throws NotAuthorised for anything but printable ASCII without blanks, which a library would refuse while showing it. */
export function checkToken(token: string, kind: string): string {
  if (/^[\x21-\x7e]+$/.test(token) && token.length <= longestToken) return token;
  const fault = token === '' ? 'is empty' : 'is no token: it is too long, or holds what no header can';
  throw new NotAuthorised(`${kind} ${fault}`);
}
