import type { Clock } from '../../clock.ts';
import type { SignedObject, SigningSession, UrlSigner } from '../access-ports.ts';
import { longestUrlLifetime } from '../policy-document.ts';
import { gcsSignedGet } from './gcs-signed-get.ts';

export interface GcsUrlSignerOptions {
  /** Origin of Cloud Storage, or of an emulator. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Address of the service account that signs. */
  readonly signer: string;
  /** RSA-SHA256 by a key of that account, which nobody holds. One request. @throws NotAuthorised, or another WeighbridgeError */
  signBlob(text: string): Promise<Uint8Array>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Signatures that are asked for at the same time. */
const atOnce = 32;

/**
 * Signs URLs of Cloud Storage by a service account. Google holds the key, and each URL costs a request there. A URL
 * does not end with the token that asked for its signature, and the keys sign for twelve hours at least.
 * https://cloud.google.com/storage/docs/authentication/creating-signatures
 */
export class GcsUrlSigner implements UrlSigner {
  readonly #options: GcsUrlSignerOptions;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: GcsUrlSignerOptions) {
    this.#options = options;
  }

  async prepare(seconds: number): Promise<SigningSession> {
    const { clock, signBlob, endpoint, bucket, signer } = this.#options;
    const signedAt = new Date(Math.floor(clock.now().getTime() / 1000) * 1000);
    const expiresIn = Math.max(1, Math.min(Math.floor(seconds), longestUrlLifetime));
    return {
      expiresAt: new Date(signedAt.getTime() + expiresIn * 1000),
      sign: async ({ key, version, fileName }: SignedObject) => {
        const place = { endpoint, bucket, key, version, fileName };
        const get = gcsSignedGet({ ...place, signer, signedAt, expiresIn });
        return get.url(await this.#inTurn(() => signBlob(get.stringToSign)));
      },
    };
  }

  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await ask();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
