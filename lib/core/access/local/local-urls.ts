import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { requestKey } from '../../serve/request-key.ts';
import type { SignedObject } from '../access-ports.ts';

/** Where signed URLs are answered. No collection can have such a name. */
export const signedPath = '/v1/~signed';

/** What a signed URL gives, and until when. */
export interface SignedGet {
  readonly key: string;
  /** Of the object that was signed: no other is given, whatever is under the key meanwhile. */
  readonly etag: string;
  /** Lowercase hex, of what was signed; empty where it is not known. */
  readonly sha256: string;
  readonly fileName: string;
  /** Seconds since 1970. */
  readonly expires: number;
}

const parameters = ['etag', 'expires', 'name', 'sha256', 'signature'];

/**
 * Makes and checks the targets of signed URLs. The key is drawn when it is constructed and known to nobody else, so
 * the URLs of a server end with it: none lives longer than an hour, and who needs another one asks again.
 */
export class LocalUrls {
  readonly #key = randomBytes(32);

  /** The path and query of a GET of exactly this object. @param expires seconds since 1970 */
  sign({ key, etag, sha256 = '', fileName }: SignedObject, expires: number): string {
    const path = key.split('/').map(encodeURIComponent).join('/');
    const signature = this.#signature({ key, etag, sha256, fileName, expires });
    const query = new URLSearchParams({ expires: String(expires), etag, sha256, name: fileName, signature });
    return `${signedPath}/${path}?${query}`;
  }

  /**
   * What a request target was signed to give; undefined for what was not signed here, or not so. Whether its time is
   * over is for the caller to see.
   * @param target the request line's, as sent
   */
  verify(target: string): SignedGet | undefined {
    const at = target.indexOf('?');
    if (at < 0 || !target.startsWith(`${signedPath}/`)) return undefined;
    const key = requestKey(target.slice(signedPath.length, at));
    const query = new URLSearchParams(target.slice(at + 1));
    // Each of them once, and nothing else: what was not signed has no meaning here.
    if (key === undefined || [...query.keys()].sort().join() !== parameters.join()) return undefined;
    const text = query.get('expires') ?? '';
    if (!/^[1-9][0-9]{0,11}$/.test(text)) return undefined;
    const said = (name: string) => query.get(name) ?? '';
    const signed = { key, etag: said('etag'), sha256: said('sha256'), fileName: said('name'), expires: Number(text) };
    const expected = Buffer.from(this.#signature(signed));
    const given = Buffer.from(said('signature'));
    return given.length === expected.length && timingSafeEqual(given, expected) ? signed : undefined;
  }

  /** Over a list in JSON, so that no text can pass for two. */
  #signature({ key, etag, sha256, fileName, expires }: SignedGet): string {
    const text = JSON.stringify(['GET', key, etag, sha256, fileName, expires]);
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
