import { registryKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import type { Presigning, Store } from '../stores/store.ts';
import type { SignedObject, SigningSession, UrlSigner } from './access-ports.ts';

/**
 * Signs URLs of a bucket with the credentials that its store has. They are the store's to renew: what is promised is
 * what those have left that sign now.
 */
export class StoreUrlSigner implements UrlSigner {
  readonly #store: Store & Presigning;
  readonly #clock: Clock;

  constructor(store: Store & Presigning, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws NotAuthorised without credentials, or with expired ones; StoreError */
  async prepare(seconds: number): Promise<SigningSession> {
    const expiresAt = await this.#end(seconds);
    return {
      expiresAt,
      sign: async ({ key, version, fileName }: SignedObject) => {
        const pinned = version === undefined ? {} : { version };
        return (await this.#store.presign(key, { ...pinned, fileName, expiresIn: seconds, until: expiresAt })).url;
      },
    };
  }

  async #end(seconds: number): Promise<Date> {
    // V4 URLs of Google do not end with the credentials that asked for the signature, and each signature is a request.
    if (this.#store.kind === 'gcs') {
      return new Date((Math.floor(this.#clock.now().getTime() / 1000) + Math.floor(seconds)) * 1000);
    }
    return (await this.#store.presign(registryKey, { expiresIn: seconds })).expiresAt;
  }
}
