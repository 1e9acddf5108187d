import type { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../clock.ts';
import { NotAuthorised } from '../../errors.ts';
import { signedGet } from '../../stores/s3-signed-get.ts';
import { StoreError } from '../../stores/store.ts';
import type { SignedObject, SigningSession, UrlSigner } from '../access-ports.ts';
import { usefulMinimum } from './useful-minimum.ts';

/** Keys of a session of a role, which end when they say. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface AssumedRoleSignerOptions {
  readonly bucket: string;
  /** A new session of the signer's role. @throws NotAuthorised, or another WeighbridgeError */
  assume(): Promise<SessionCredentials>;
  /** A client that signs with these; it is asked for no request. */
  clientFor(credentials: SessionCredentials): S3Client;
  /** The time as S3 has it: what is signed begins there. */
  readonly clock: Pick<Clock, 'now'>;
}

interface Held {
  readonly credentials: SessionCredentials;
  readonly client: S3Client;
  readonly since: Date;
}

/** Seconds beyond what is asked for that credentials should have, so that few are fetched while somebody waits. */
const margin = 60;

/** Seconds for which credentials are kept although they do not cover the whole of what is asked for. */
const keptFor = 600;

/** Seconds after a failed fetch in which those that are there still serve, without another try. */
const restAfterFailure = 10;

/**
 * Signs URLs of a bucket as a role that was assumed for nothing else, so that it is known when its credentials end:
 * the credentials of a function itself do not tell. A role that is assumed by a role lives for an hour at most, and so
 * does a URL: one that is asked to live that long lives 50 to 60 minutes.
 */
export class AssumedRoleSigner implements UrlSigner {
  readonly #options: AssumedRoleSignerOptions;
  #held: Held | undefined;
  #fetching: Promise<Held> | undefined;
  #failedAt = -Infinity;

  constructor(options: AssumedRoleSignerOptions) {
    this.#options = options;
  }

  /** The credentials that sign now, so that no text shows them. */
  get secrets(): readonly string[] {
    const { secretAccessKey, sessionToken } = this.#held?.credentials ?? {};
    return [secretAccessKey, sessionToken].filter((one) => one !== undefined);
  }

  /** @throws what `assume` throws, where no credentials are left that would serve; NotAuthorised where new ones are old already */
  async prepare(seconds: number): Promise<SigningSession> {
    const { bucket, clock } = this.#options;
    const { client, credentials } = await this.#credentialsFor(seconds);
    const signedAt = Math.floor(clock.now().getTime() / 1000);
    const end = Math.floor(credentials.expiration.getTime() / 1000);
    const expiresIn = Math.min(Math.floor(seconds), end - signedAt);
    if (!(expiresIn >= 1)) throw new NotAuthorised('the credentials of the signer have expired', { retryable: true });
    const from = new Date(signedAt * 1000);
    return {
      expiresAt: new Date((signedAt + expiresIn) * 1000),
      sign: async ({ key, version, fileName }: SignedObject) => {
        // The role may read versions alone, and what is not pinned can be another object tomorrow.
        if (version === undefined) throw new StoreError(`no version of ${key} is recorded`, { evidence: { key } });
        return await signedGet(client, {
          object: { Bucket: bucket, Key: key },
          version,
          fileName,
          signedAt: from,
          expiresIn,
        });
      },
    };
  }

  async #credentialsFor(seconds: number): Promise<Held> {
    const held = this.#held;
    if (held === undefined) return await this.#fetch();
    const now = this.#options.clock.now().getTime();
    const left = (held.credentials.expiration.getTime() - now) / 1000;
    if (left < Math.min(seconds, usefulMinimum)) return await this.#fetch();
    const fresh = now - held.since.getTime() < keptFor * 1000 || now - this.#failedAt < restAfterFailure * 1000;
    if (left >= seconds + margin || fresh) return held;
    return await this.#fetch().catch(() => held);
  }

  /** One at a time, for all who wait. */
  #fetch(): Promise<Held> {
    this.#fetching ??= this.#renew().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #renew(): Promise<Held> {
    const { assume, clientFor, clock } = this.#options;
    try {
      const credentials = await assume();
      this.#held = { credentials, client: clientFor(credentials), since: clock.now() };
      return this.#held;
    } catch (error) {
      this.#failedAt = clock.now().getTime();
      throw error;
    }
  }
}
