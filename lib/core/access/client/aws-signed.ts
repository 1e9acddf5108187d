import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../clock.ts';
import type { S3Credentials } from '../../stores/create-s3-client.ts';
import type { AccessCredentials, ApiRequest } from './access-credentials.ts';

export interface AwsSigning {
  /** Of the API. */
  readonly region: string;
  /** Keys that are good now. @throws NotAuthorised, or as the library says it */
  readonly credentials: () => Promise<S3Credentials>;
  readonly clock: Clock;
  /** Such as `the AWS profile prod`. */
  readonly kind: string;
}

/** Milliseconds that a clock may be wrong before it is worth another try: AWS tolerates five minutes. */
const tolerated = 4 * 60_000;

/** Signs each request as `execute-api`, which is how an IAM authoriser wants it. */
export class AwsSigned implements AccessCredentials {
  readonly kind: string;
  readonly #signing: AwsSigning;
  readonly #signer: SignatureV4;
  /** Milliseconds that the API's clock is ahead of this one. */
  #ahead = 0;

  constructor(signing: AwsSigning) {
    this.kind = signing.kind;
    this.#signing = signing;
    this.#signer = new SignatureV4({
      service: 'execute-api',
      region: signing.region,
      credentials: async () => ({ ...(await signing.credentials()) }),
      sha256: Hash.bind(null, 'sha256'),
    });
  }

  async headers({ method, url, body }: ApiRequest): Promise<Readonly<Record<string, string>>> {
    const signed = await this.#signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host },
        ...(body === undefined ? {} : { body }),
      },
      { signingDate: new Date(this.#signing.clock.now().getTime() + this.#ahead) },
    );
    // The host is the client's own to send.
    const { host: _, ...headers } = signed.headers;
    return headers;
  }

  async renew(serverTime: Date | undefined): Promise<boolean> {
    if (serverTime === undefined) return false;
    const ahead = serverTime.getTime() - this.#signing.clock.now().getTime();
    const helps = Math.abs(ahead - this.#ahead) > tolerated;
    if (helps) this.#ahead = ahead;
    return helps;
  }
}
