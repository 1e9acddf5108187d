import type { Clock } from '../../clock.ts';
import type { SignedObject, SigningSession, UrlSigner } from '../access-ports.ts';
import type { LocalUrls } from './local-urls.ts';

/** Signs URLs of a directory store, which the server that signs them answers itself. */
export class LocalUrlSigner implements UrlSigner {
  readonly #urls: LocalUrls;
  readonly #base: () => string;
  readonly #clock: Clock;

  /**
   * @param base the address of the server as its clients know it, ending in a slash. Never what a request names: the
   * `Host` header is its sender's to choose. Asked for when a URL is signed, since a port may be known late.
   */
  constructor(urls: LocalUrls, base: () => string, clock: Clock) {
    this.#urls = urls;
    this.#base = base;
    this.#clock = clock;
  }

  async prepare(seconds: number): Promise<SigningSession> {
    const base = this.#base().replace(/\/+$/, '');
    const expires = Math.floor(this.#clock.now().getTime() / 1000) + Math.floor(seconds);
    return {
      expiresAt: new Date(expires * 1000),
      sign: async (object: SignedObject) => base + this.#urls.sign(object, expires),
    };
  }
}
