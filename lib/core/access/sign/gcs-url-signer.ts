import pLimit from 'p-limit';
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

/** Signatures that are asked for at the same time, by all callers together. */
const atOnce = 32;

/**
 * Signs URLs of Cloud Storage by a service account. Google holds the key, and each URL costs a request there. A URL
 * does not end with the token that asked for its signature, and the keys sign for twelve hours at least.
 * https://cloud.google.com/storage/docs/authentication/creating-signatures
 */
export class GcsUrlSigner implements UrlSigner {
  readonly #options: GcsUrlSignerOptions;
  readonly #limit = pLimit(atOnce);

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
        return get.url(await this.#limit(() => signBlob(get.stringToSign)));
      },
    };
  }
}
